import { unwrap, type Api } from "$lib/api/client";
import type { Secret, Variable } from "$lib/api/types";
import { pathOf } from "$lib/spaces/space";

export type ValueKind = "variable" | "secret";

/** The variables and secrets of one Space, as the Hub keeps them. */
export class ValuesState {
  #variables = $state.raw<readonly Variable[]>([]);
  #secrets = $state.raw<readonly Secret[]>([]);
  #status = $state.raw<"loading" | "ready" | "failed">("loading");
  #error = $state.raw<unknown>(null);
  readonly #api: Api;
  readonly #space: string;

  constructor(api: Api, space: string) {
    this.#api = api;
    this.#space = space;
  }

  get variables() {
    return this.#variables;
  }

  /** Their names; nobody can read a secret again. */
  get secrets() {
    return this.#secrets;
  }

  get status() {
    return this.#status;
  }

  get error(): unknown {
    return this.#error;
  }

  async load(): Promise<void> {
    const params = { path: pathOf(this.#space) };
    try {
      const [variables, secrets] = await Promise.all([
        unwrap(this.#api.GET("/api/v1/spaces/{owner}/{name}/variables", { params })),
        unwrap(this.#api.GET("/api/v1/spaces/{owner}/{name}/secrets", { params })),
      ]);
      this.#variables = variables;
      this.#secrets = secrets;
      this.#status = "ready";
    } catch (error) {
      this.#error = error;
      if (this.#status === "loading") this.#status = "failed";
    }
  }

  /** Adds one, or gives it another value. The Hub then restarts the Space. */
  async set(kind: ValueKind, key: string, value: string, description: string): Promise<void> {
    const params = { path: { ...pathOf(this.#space), key } };
    const body = { value, description: description || null };
    await (kind === "variable"
      ? unwrap(this.#api.PUT("/api/v1/spaces/{owner}/{name}/variables/{key}", { params, body }))
      : unwrap(this.#api.PUT("/api/v1/spaces/{owner}/{name}/secrets/{key}", { params, body })));
    await this.load();
  }

  async remove(kind: ValueKind, key: string): Promise<void> {
    const params = { path: { ...pathOf(this.#space), key } };
    await (kind === "variable"
      ? unwrap(this.#api.DELETE("/api/v1/spaces/{owner}/{name}/variables/{key}", { params }))
      : unwrap(this.#api.DELETE("/api/v1/spaces/{owner}/{name}/secrets/{key}", { params })));
    await this.load();
  }
}
