// End to end: Debian's Chromium with its fake camera and microphone, two spec files at a time.

import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "e2e",
  outputDir: "../test-results",
  workers: 2,
  timeout: 120_000,
  // What takes long is in `make soak`.
  ...(process.env["SAMEWIRE_LONG"] ? {} : { grepInvert: /@long/ }),
  expect: { timeout: 30_000 },
  forbidOnly: true,
  // A retry would hide a race.
  retries: 0,
  reporter: "list",
  use: {
    launchOptions: {
      executablePath: "/usr/bin/chromium",
      args: [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // Three cameras, and a screen that getDisplayMedia gives without asking.
        "--use-fake-device-for-media-stream=device-count=3",
        "--use-fake-ui-for-media-stream",
        "--autoplay-policy=no-user-gesture-required",
      ],
    },
  },
});
