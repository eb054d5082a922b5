import { createContext } from "svelte";
import { idempotencyKey, unwrap, type Api } from "$lib/api/client";
import type { ApiEvent, Operation } from "$lib/api/types";
import { pathOf } from "./space";

/** What a person can ask of a Space from here. */
export type AskedAction = "restart" | "rebuild" | "pause";

const TYPE_OF: Record<AskedAction, Operation["action"]["type"]> = {
  restart: "restart",
  rebuild: "factory_rebuild",
  pause: "pause",
};

/** Whether `action` is under way already. Another one may take its place. */
export const isDoing = (operation: Operation | undefined, action: AskedAction): boolean =>
  operation?.action.type === TYPE_OF[action];

/** What can be set of how a Space runs, as the API names it. */
export type RuntimeChange = Extract<
  Operation["action"],
  { type: "set_hardware" | "set_sleep_time" | "set_dev_mode" }
>;

export const isRunning = (operation: Operation): boolean =>
  operation.state === "sending" || operation.state === "following";

// A type, not an interface: openapi-fetch wants an index signature.
type ActionRequest = {
  params: { path: { owner: string; name: string }; header: { "Idempotency-Key": string } };
};

const requestTo = (space: string): ActionRequest => ({
  params: { path: pathOf(space), header: { "Idempotency-Key": idempotencyKey() } },
});

/** The operations under way, by Space, and the calls that begin one. */
export class OperationsState {
  #bySpace = $state.raw<ReadonlyMap<string, Operation>>(new Map());
  /** How what was seen to run here ended, by Space, until a person has read it. */
  #outcomes = $state.raw<ReadonlyMap<string, Operation>>(new Map());
  /** Begun on this page, with whom their end is told to: a toast, where nobody else asked. */
  readonly #mine = new Map<string, (operation: Operation) => void>();
  readonly #ended = new Map<string, Operation>();
  readonly #api: Api;
  readonly #onEnd: (operation: Operation) => void;

  constructor(api: Api, onEnd: (operation: Operation) => void) {
    this.#api = api;
    this.#onEnd = onEnd;
  }

  /** The operation that runs on a Space, if any. */
  running(space: string): Operation | undefined {
    return this.#bySpace.get(space);
  }

  /** How the last operation ended that was seen to run on a Space, unless it was read or replaced. */
  outcome(space: string): Operation | undefined {
    return this.#outcomes.get(space);
  }

  /** A person has read how it ended. */
  dismiss(space: string): void {
    const next = new Map(this.#outcomes);
    if (next.delete(space)) this.#outcomes = next;
  }

  async load(): Promise<void> {
    const operations = await unwrap(
      this.#api.GET("/api/v1/operations", { params: { query: { limit: 100 } } }),
    );
    // Oldest first, so that the newest of a Space is the one that stays.
    for (const operation of operations.reverse()) this.#take(operation);
  }

  async begin(space: string, action: AskedAction, onEnd = this.#onEnd): Promise<void> {
    this.#follow(await unwrap(this.#post(action, requestTo(space))), onEnd);
  }

  /** Sets how a Space runs. */
  async change(space: string, change: RuntimeChange): Promise<void> {
    this.#follow(await unwrap(this.#put(change, requestTo(space))), this.#onEnd);
  }

  apply(event: ApiEvent): void {
    if (event.type === "operation_changed") this.#take(event.data);
  }

  #post(action: AskedAction, request: ActionRequest) {
    switch (action) {
      case "restart":
        return this.#api.POST("/api/v1/spaces/{owner}/{name}/restart", request);
      case "rebuild":
        return this.#api.POST("/api/v1/spaces/{owner}/{name}/rebuild", request);
      case "pause":
        return this.#api.POST("/api/v1/spaces/{owner}/{name}/pause", request);
    }
  }

  #put(change: RuntimeChange, request: ActionRequest) {
    switch (change.type) {
      case "set_hardware": {
        const { flavor, sleep_time } = change;
        const body = { flavor, sleep_time };
        return this.#api.PUT("/api/v1/spaces/{owner}/{name}/hardware", { ...request, body });
      }
      case "set_sleep_time": {
        const body = { sleep_time: change.sleep_time };
        return this.#api.PUT("/api/v1/spaces/{owner}/{name}/sleep-time", { ...request, body });
      }
      case "set_dev_mode": {
        const body = { enabled: change.enabled };
        return this.#api.PUT("/api/v1/spaces/{owner}/{name}/dev-mode", { ...request, body });
      }
    }
  }

  #follow(operation: Operation, onEnd: (operation: Operation) => void): void {
    this.#mine.set(operation.id, onEnd);
    this.#take(operation);
  }

  #take(operation: Operation): void {
    if (!isRunning(operation)) {
      this.#ended.set(operation.id, operation);
      const [oldest] = this.#ended.keys();
      if (this.#ended.size > 500 && oldest !== undefined) this.#ended.delete(oldest);
    }
    // The answer to a click may arrive after the event that tells the end: what has ended stays so.
    const ended = this.#ended.get(operation.id);
    const next = new Map(this.#bySpace);
    if (!ended) {
      next.set(operation.space, operation);
      this.dismiss(operation.space);
    } else if (next.get(operation.space)?.id === operation.id) {
      next.delete(operation.space);
      if (ended.state !== "cancelled") {
        this.#outcomes = new Map(this.#outcomes).set(operation.space, ended);
      }
    }
    this.#bySpace = next;
    const tell = ended && this.#mine.get(ended.id);
    if (tell && this.#mine.delete(ended.id)) tell(ended);
  }
}

export const [getOperations, setOperations] = createContext<OperationsState>();
