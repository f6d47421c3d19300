// The packed tarball in the hands of those who will build with it.

import assert from "node:assert/strict";
import { copyFile, readFile, readdir } from "node:fs/promises";
import { after, before, describe, test } from "node:test";

import { type Browser, chromium } from "@playwright/test";

import config from "../playwright.config.ts";
import { Installed, serve } from "./support.ts";

let installed: Installed;
let browser: Browser;
before(async () => {
  [installed, browser] = await Promise.all([
    Installed.install(),
    chromium.launch(config.use!.launchOptions!),
  ]);
});
after(async () => {
  await browser?.close();
  await installed?.remove();
});

interface Shown {
  outcome: Record<string, unknown>;
  text: string;
  /** What was asked of the server. */
  paths: string[];
  complaints: string[];
}

/** Opens a page that says its `outcome`, served from folders. */
async function open(
  page: string,
  folders: Record<string, string>,
  headers?: Record<string, string>,
): Promise<Shown> {
  const server = await serve(folders, headers);
  const tab = await browser.newPage();
  try {
    const paths: string[] = [];
    const complaints: string[] = [];
    tab.on("request", (request) => paths.push(new URL(request.url()).pathname));
    tab.on("pageerror", (error) => complaints.push(error.message));
    tab.on("console", (line) => line.type() === "error" && complaints.push(line.text()));
    await tab.goto(`${server.origin}/${page}`);
    await tab.waitForFunction(() => "outcome" in window);
    const outcome = await tab.evaluate(() => (window as any).outcome);
    const text = await tab.evaluate(() => document.body.innerText);
    return { outcome, text, paths, complaints };
  } finally {
    await tab.close();
    await server.stop();
  }
}

const wasm = (path: string) => path.endsWith(".wasm");

/** The page of `fixtures/app.js`, as some bundler made it. */
async function works(folder: string) {
  const app = await open("app.html", { "/": folder });
  assert.deepEqual(app.complaints, []);
  assert.deepEqual(app.outcome, { beforeInit: "misuse", afterInit: "works" });
  assert.match(app.text, /Not connected/);
  assert.equal(app.paths.filter(wasm).length, 1, "the WebAssembly is loaded, and once");
}

/** The page of `fixtures/inline.js`, under a policy that lets it fetch nothing. */
async function worksInline(folder: string) {
  const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; img-src data:";
  const inline = await open("inline.html", { "/": folder }, { "content-security-policy": policy });
  assert.deepEqual(inline.complaints, []);
  assert.deepEqual(inline.outcome, { afterInit: "works" });
  assert.deepEqual(inline.paths.filter(wasm), []);
}

describe("bundlers", { concurrency: 2 }, () => {
  test("Next renders a page on the server that imports every entry point, and its bundle loads the WebAssembly", async () => {
    await installed.run("next", "build", "fixtures/next");
    const out = installed.path("fixtures/next/out");
    const html = (await readFile(`${out}/index.html`, "utf8")).replaceAll("<!-- -->", "");
    assert.match(html, /Rendered on a server/);
    assert.match(html, /Not connected/);
    assert.match(html, /idle, 0 people, no call/);
    const page = await open("index.html", { "/": out });
    assert.deepEqual(page.complaints, []);
    assert.deepEqual(page.outcome, { inline: "function", afterInit: "works" });
    assert.equal(page.paths.filter(wasm).length, 1);
  });

  test("a bundle of Vite loads the WebAssembly, has it inside, or is told its address", async () => {
    await installed.run("vite", "build", "fixtures/vite", "--logLevel", "warn");
    await works(installed.path("fixtures/vite/dist"));
    await worksInline(installed.path("fixtures/vite/dist"));
    const byUrl = await open("by-url.html", { "/": installed.path("fixtures/vite/dist") });
    assert.deepEqual([byUrl.complaints, byUrl.outcome], [[], { afterInit: "works" }]);
  });

  test("a bundle of webpack loads the WebAssembly, or has it inside", async () => {
    await installed.run("node", "fixtures/webpack/build.js");
    await works(installed.path("fixtures/webpack/dist"));
    await worksInline(installed.path("fixtures/webpack/dist"));
  });

  test("a bundle of esbuild loads the WebAssembly that is copied beside it", async () => {
    const folder = installed.path("fixtures/esbuild");
    const options = ["--bundle", "--minify", "--format=esm", `--outdir=${folder}`];
    await installed.run("esbuild", "fixtures/app.js", ...options);
    const packed = installed.path("node_modules/samewire/dist/samewire.wasm");
    await copyFile(packed, `${folder}/samewire.wasm`);
    await works(folder);
  });

  test("an entry point that is imported and not used adds nothing to a bundle", async () => {
    const entry = 'import "samewire"; import "samewire/elements"; import "samewire/inline";';
    const out = await installed.run(
      "node",
      "--input-type=module",
      "-e",
      `import { build } from "esbuild";
       const stdin = { contents: ${JSON.stringify(entry)}, resolveDir: "." };
       const { outputFiles } = await build({ stdin, bundle: true, write: false, format: "esm", minify: true });
       console.log(outputFiles[0].text.length);`,
    );
    assert.equal(Number(out), 0);
  });

  test("a plain page with an import map uses the package without a bundler", async () => {
    const page = await open("app.html", {
      "/samewire/": installed.path("node_modules/samewire/dist"),
      "/": installed.path("fixtures/plain"),
    });
    assert.deepEqual(page.complaints, []);
    assert.deepEqual(page.outcome, { afterInit: "works", upgraded: true, oneClass: true });
  });
});

test("a WebAssembly that cannot be loaded is an error that says so, and may be tried again", async () => {
  const server = await serve({ "/samewire/": installed.path("node_modules/samewire/dist") });
  const tab = await browser.newPage();
  try {
    await tab.route("**/blank", (route) => route.fulfill({ contentType: "text/html", body: "" }));
    await tab.goto(`${server.origin}/blank`);
    const told = await tab.evaluate(async () => {
      const { SamewireError, init, join } = await import("/samewire/index.js" as string);
      const failing = (promise: Promise<unknown>) =>
        promise.then(
          () => "loaded",
          (error) => error instanceof SamewireError && error.code,
        );
      return [
        await failing(init("/nowhere.wasm")),
        await failing(join({ token: "token" })),
        await failing(init()),
        await failing(init("/nowhere.wasm")),
      ];
    });
    assert.deepEqual(told, ["wasm", "misuse", "loaded", "loaded"]);
  } finally {
    await tab.close();
    await server.stop();
  }
});

describe("servers and tools", { concurrency: 2 }, () => {
  test("importing every entry point on a server touches nothing and begins nothing, and they export what they declare", async () => {
    const said = JSON.parse(await installed.run("node", "fixtures/node/server.js"));
    assert.deepEqual({ touched: said.touched, added: said.added }, { touched: [], added: [] });
    assert.deepEqual(said.entries, {
      samewire: ["Negotiator", "SamewireError", "init", "join", "registerDriver"],
      "samewire/react": [
        "ConnectionIndicator",
        "useCall",
        "useChat",
        "useHybridConnection",
        "useParticipants",
        "useQuality",
      ],
      "samewire/elements": ["defineElements"],
      "samewire/inline": ["Negotiator", "SamewireError", "init", "join", "registerDriver"],
    });
  });

  test("what customers write with each entry point passes tsc --strict, and what is wrong does not", async () => {
    for (const resolution of [[], ["--module", "nodenext", "--moduleResolution", "nodenext"]])
      await installed.run("tsc", "-p", "fixtures/types", ...resolution);
  });

  test("publint finds nothing to say", async () => {
    const said = await installed.run("publint", "run", "--strict", "node_modules/samewire");
    assert.match(said, /All good!/);
  });

  test("attw finds types for every entry point, for ES modules", async () => {
    // The WebAssembly and the manifest are files, not modules.
    const files = ["--exclude-entrypoints", "wasm", "package.json"];
    await installed.run("attw", installed.tarball, "--profile", "esm-only", "--no-emoji", ...files);
  });

  test("the package brings what it needs and nothing else", async () => {
    const folder = installed.path("node_modules/samewire");
    const manifest = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
    assert.equal(manifest.dependencies, undefined);
    assert.deepEqual((await readdir(folder)).sort(), [
      "LICENSE",
      "README.md",
      "dist",
      "drivers.d.ts",
      "elements.d.ts",
      "index.d.ts",
      "inline.d.ts",
      "package.json",
      "react.d.ts",
    ]);
    assert.deepEqual((await readdir(`${folder}/dist`)).sort(), [
      "drivers",
      "elements.js",
      "index.js",
      "inline.js",
      "quality.js",
      "react.js",
      "samewire.wasm",
      "sfu.js",
    ]);
    assert.deepEqual((await readdir(`${folder}/dist/drivers`)).sort(), [
      "cloudflare.js",
      "janus.js",
    ]);
  });
});
