import { UploadTokenError } from "../../errors.js";

/** @internal Waits for what `onUploadstarted` promised: until then the page may still say what the file is. */
export async function pageReady(promise: PromiseLike<unknown>, deadline: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `the promise of the page's onUploadstarted was not settled within ${deadline} ms`;
      reject(new UploadTokenError("timeout", message));
    }, deadline);
  });
  try {
    // Adopted: what a callback throws goes through a promise of jQuery 1 and 2 to whoever settles it.
    await Promise.race([Promise.resolve(promise).then(undefined, refuse), late]);
  } finally {
    clearTimeout(timer);
  }
}

function refuse(cause: unknown): never {
  const said = cause instanceof Error && cause.message !== "" ? `: ${cause.message}` : "";
  throw new UploadTokenError("page_error", `the page's onUploadstarted rejected${said}`, { cause });
}
