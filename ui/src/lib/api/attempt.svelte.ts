import { problemText } from "./problem-text";

/** Something that a person asked for: busy while it runs, and its refusal in words. */
export class Attempt {
  #busy = $state(false);
  #refusal = $state.raw<string | null>(null);

  get busy(): boolean {
    return this.#busy;
  }

  get refusal(): string | null {
    return this.#refusal;
  }

  /** Runs `what`, unless it runs already; says whether it went well. */
  async run(what: () => Promise<unknown>): Promise<boolean> {
    if (this.#busy) return false;
    this.#busy = true;
    this.#refusal = null;
    try {
      await what();
      return true;
    } catch (error) {
      this.#refusal = problemText(error);
      return false;
    } finally {
      this.#busy = false;
    }
  }

  /** Forgets a refusal that what was typed since has made untrue. */
  forget(): void {
    this.#refusal = null;
  }
}
