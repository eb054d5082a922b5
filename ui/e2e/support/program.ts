import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";

const TARGET =
  process.env.CARGO_TARGET_DIR ?? join(import.meta.dirname, "..", "..", "..", "target");

/** The path of a program of this workspace: a variable names it, or the debug build is taken. */
export const programPath = (variable: string, name: string): string =>
  process.env[variable] ?? join(TARGET, "debug", name);

/** A program that a test started, with everything that it has said. */
export class Program {
  output = "";
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #listeners = new Set<() => void>();

  constructor(path: string, args: string[], env: Record<string, string>) {
    this.#child = spawn(path, args, { env, stdio: ["pipe", "pipe", "pipe"] });
    const hear = (text: Buffer) => {
      this.output += text.toString();
      for (const listener of this.#listeners) listener();
    };
    this.#child.stdout?.on("data", hear);
    this.#child.stderr?.on("data", hear);
    this.#ended = new Promise((resolve) => {
      this.#child.on("error", (error) => {
        hear(Buffer.from(`\n${path}: ${error.message}\n`));
        resolve(null);
      });
      this.#child.on("exit", (code) => {
        resolve(code);
        for (const listener of this.#listeners) listener();
      });
    });
  }

  /** Waits until the program has said something that matches. */
  async says(wanted: RegExp, seconds = 30): Promise<RegExpExecArray> {
    let stop = () => {};
    const found = new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = wanted.exec(this.output);
        if (match) resolve(match);
        else if (this.#child.exitCode !== null) {
          reject(new Error(`it ended before it said ${wanted}:\n${this.output}`));
        }
      };
      const timer = setTimeout(
        () => reject(new Error(`it did not say ${wanted} in ${seconds} s:\n${this.output}`)),
        seconds * 1000,
      );
      stop = () => {
        clearTimeout(timer);
        this.#listeners.delete(look);
      };
      this.#listeners.add(look);
      look();
    });
    return found.finally(stop);
  }

  /** Ends it as a person would, and returns its exit code. */
  stop(): Promise<number | null> {
    this.#child.stdin?.end();
    this.#child.kill("SIGTERM");
    return this.#ended;
  }
}
