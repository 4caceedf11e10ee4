// A page with one uploader, as the tests of what pages do use it.

/** A fresh cloud and page; what the page prints is in `page.output`. */
export async function open(site, { config, faults, name } = {}) {
  await site.reset({ config, faults });
  const page = await site.open(name);
  page.output = [];
  page.on("console", (message) => page.output.push(`${message.type()}: ${message.text()}`));
  page.queries = [];
  page.on("request", (request) => page.queries.push(Object.fromEntries(new URL(request.url()).searchParams)));
  return page;
}

/** Adds `files` to a new uploader and starts it; `setUp` runs in the page and returns what cannot be sent there. */
export async function start(page, files, options = {}, setUp) {
  return page.evaluate(
    async ([files, options, setUp]) => {
      const made = setUp ? await eval(setUp)() : {};
      window.harness.ours({ parallel: 1, ...options, ...made });
      const sums = {};
      for (const [name, size, about] of files) sums[name] = await window.harness.add(name, size, about);
      window.harness.start();
      return sums;
    },
    [files, options, setUp?.toString()],
  );
}

/** Resolves as the harness's `ended()`. */
export const ended = (page, names, times = 1) =>
  page.evaluate(([names, times]) => window.harness.ended(names, 30_000, times), [names, times]);

/** What VOD was asked first with `action`. */
export const query = (page, action) => page.queries.find(({ Action }) => Action === action);

/** Requests that the cloud had. */
export const sent = async (site, action) =>
  (await site.log()).filter((entry) => entry.action === action && !entry.preflight);
