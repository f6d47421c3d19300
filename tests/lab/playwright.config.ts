// On bad networks: one test after the other, since each has the links to itself. See tests/lab/run.

import { defineConfig } from "@playwright/test";

import config from "../playwright.config.ts";

export default defineConfig(config, {
  testDir: ".",
  outputDir: "../../test-results",
  workers: 1,
  expect: { timeout: 60_000 },
});
