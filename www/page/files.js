// Files that a visitor chooses or drops, folders included.

const MEDIA = /^(video|audio|image)\//;
const EXTENSION = /\.(mp4|m4v|mov|avi|flv|mkv|wmv|mpe?g|ts|webm|3gp|mp3|m4a|aac|wav|jpe?g|png|gif|webp|bmp)$/i;
const SAMPLE_BYTES = 20_000_000;
const BLOCK_BYTES = 62_500;

/** Whether VOD takes it: it goes by the name, so that one without an extension is refused. */
export function isMedia({ name, type, size }) {
  return size > 0 && EXTENSION.test(name) && (type === "" || MEDIA.test(type));
}

/** All files of a drop, those in folders too. */
export async function filesOf(dataTransfer) {
  // Before the first await: afterwards the browser has emptied it.
  const entries = [...dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const plain = [...dataTransfer.files];
  if (!entries.some(({ isDirectory }) => isDirectory)) return plain;
  return (await Promise.all(entries.map(within))).flat();
}

async function within(entry) {
  if (entry.isFile) return [await new Promise((done, fail) => entry.file(done, fail))];
  const reader = entry.createReader();
  const children = [];
  // A reader gives a hundred at a time.
  for (;;) {
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (some.length === 0) break;
    children.push(...some);
  }
  return (await Promise.all(children.map(within))).flat();
}

/** A video of 20 MB that is different each time, so that nothing is resumed by mistake. */
export function sample() {
  const block = crypto.getRandomValues(new Uint8Array(BLOCK_BYTES));
  const blocks = Array.from({ length: SAMPLE_BYTES / BLOCK_BYTES }, () => block);
  return new File(blocks, `sample-${Date.now() % 100_000}.mp4`, { type: "video/mp4" });
}
