// Sites for tests that run several at a time: each test has one to itself, with a cloud and an AppServer of its own.
import { test } from "node:test";

import { openSite } from "./site.mjs";

/** A test that takes longer hangs: those that wait say sooner what they waited for. */
const TIMEOUT_MS = 5 * 60_000;

/** As many sites as tests run at the same time, opened when they are first wanted. */
export class Sites {
  #idle = [];
  #all = [];

  /** Defines a test that is given a site to itself. */
  test(name, body) {
    test(name, { timeout: TIMEOUT_MS }, async (t) => {
      const site = this.#idle.pop() ?? (await this.#open());
      try {
        await body(site, t);
      } finally {
        await site.closePages();
        this.#idle.push(site);
      }
    });
  }

  async close() {
    await Promise.all(this.#all.map((site) => site.close()));
  }

  async #open() {
    const site = await openSite();
    this.#all.push(site);
    return site;
  }
}
