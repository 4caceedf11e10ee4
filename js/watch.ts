import { UploadTokenError } from "./errors.js";
import { arm } from "./glue.js";

/** Errors after which it is of use to ask again. */
const passed = new WeakSet<UploadTokenError>();

/** @internal Marks `error` as trouble that passes: the module may come if it is asked for again. */
export function passing(error: UploadTokenError): UploadTokenError {
  passed.add(error);
  return error;
}

/** @internal Whether it is of use to ask for the module again after `error`. */
export function passes(error: UploadTokenError): boolean {
  return passed.has(error);
}

/**
 * @internal One attempt to bring the module, which is given up when nothing of it comes for `patience` ms. Not when it
 * takes long: a slow connection would begin anew for ever.
 */
export class Watch {
  /** Rejects when the attempt is given up. */
  readonly silence: Promise<never>;
  readonly #patience: number;
  #abort: AbortController | undefined;
  #address: string | undefined;
  #giveUp!: (error: UploadTokenError) => void;
  #disarm: () => void = () => {};
  #over = false;

  constructor(patience: number) {
    this.#patience = patience;
    this.silence = new Promise((_, reject) => (this.#giveUp = reject));
    // Whoever brings the module may be done with before anybody listens.
    this.silence.catch(() => {});
    this.#arrived();
  }

  /** As `fetch`, ended with the attempt. `told` is the address as an error may have it. */
  fetch(address: string, told: string): Promise<Response> {
    this.#abort = new AbortController();
    this.#address = told;
    return fetch(address, { signal: this.#abort.signal });
  }

  /** A piece of it came, or it was asked for. */
  #arrived(): void {
    this.#disarm();
    if (!this.#over) this.#wait(2);
  }

  /** In halves: a device that slept, or was busy, lets a timer fire before it tells what has come meanwhile. */
  #wait(halves: number): void {
    this.#disarm = arm(() => (halves > 1 ? this.#wait(halves - 1) : this.#end()), this.#patience / 2);
  }

  /** Hears each piece of `response`, whose body is left to others. */
  async follow(response: Response): Promise<void> {
    this.#arrived();
    try {
      const reader = response.clone().body?.getReader();
      while (reader && !(await reader.read()).done) {
        // It may still come: whoever reads the body itself has seen that it is none.
        if (this.#over) return void (await reader.cancel());
        this.#arrived();
      }
    } catch {
      // Whoever reads the body itself is told.
    }
  }

  /** The attempt is over: what has not come by now is not waited for. */
  done(): void {
    this.#over = true;
    this.#disarm();
    this.#abort?.abort();
  }

  #end(): void {
    const from = this.#address === undefined ? "" : ` (GET ${this.#address})`;
    const message = `the WebAssembly module does not arrive: nothing of it came for ${this.#patience} ms${from}`;
    this.#giveUp(passing(new UploadTokenError("wasm", message)));
    this.#abort?.abort();
  }
}
