// As much of a page as the vendor's upload SDK looks for, in Node: the real SDK, and the real loop over the parts of a
// file from ali-oss. No network and no browser, so that hundreds of uploads take seconds.
import { createRequire } from "node:module";
import Module from "node:module";

import { Client } from "./cloud.mjs";

const stored = new Map();
const nothing = () => {};

Object.assign(globalThis, {
  window: globalThis,
  location: { href: "https://app.test/", protocol: "https:" },
  localStorage: {
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, value) => void stored.set(key, String(value)),
    removeItem: (key) => void stored.delete(key),
    key: (index) => [...stored.keys()][index] ?? null,
    get length() {
      return stored.size;
    },
  },
  document: { cookie: "", domain: "app.test", referrer: "", createElement: () => ({ setAttribute: nothing }) },
  screen: { width: 100, height: 100 },
  // The SDK's beacons.
  Image: class {},
  addEventListener: nothing,
  removeEventListener: nothing,
});
const navigator = { userAgent: "Mozilla/5.0 Chrome/120", platform: "Linux x86_64", appVersion: "5.0", language: "en" };
Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });

const load = Module._load;
Module._load = (name, ...rest) => (name === "ali-oss" ? Client : load.call(Module, name, ...rest));
createRequire(import.meta.url)("aliyun-upload-vod/dist/aliyun-upload-vod.js");

// What the SDK says of a start that it does not take, and of a client that it stopped.
const log = console.log;
console.log = (...said) => void (/^(already started|oss is cancel)/.test(String(said[0])) || log(...said));
globalThis.AliyunUpload.__logTestCallback__ = nothing;

export const { Vod } = globalThis.AliyunUpload;
