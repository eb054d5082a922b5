/** Does something once for many requests that come in quick succession. */
export class Soon {
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly work: () => void,
    private readonly ms: number,
  ) {}

  /** Has it done so long from now; sooner, where that was asked for before. */
  ask(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.work();
    }, this.ms);
  }
}
