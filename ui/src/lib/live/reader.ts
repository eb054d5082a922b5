import { eventsOf } from "$lib/api/sse";
import type { ApiEvent, Envelope, MetricsPoint } from "$lib/api/types";
import { UseBook, type Uses } from "$lib/metrics/uses";

/** What the page asks of who reads its stream. */
export type ReaderRequest =
  /** Another stream begins, whose pieces are handed over. */
  | { type: "begin"; stream: number }
  | { type: "piece"; piece: Uint8Array }
  /** The Spaces of which the page wants each report whole. */
  | { type: "follow"; spaces: readonly string[] };

/** What was read. */
export interface ReaderAnswer {
  type: "read";
  /** Of which stream. */
  stream: number;
  /** All but metrics. */
  events: ApiEvent[];
  /** The reports of followed Spaces. */
  points: { space: string; point: MetricsPoint }[];
  uses: Uses | null;
}

/**
 * Reads the page's event stream: finds the events, and sums up the metrics, which are most of it.
 *
 * It knows nothing of the page, so that a worker can do it.
 */
export class StreamReader {
  readonly #answer: (answer: ReaderAnswer) => void;
  readonly #book = new UseBook();
  #stream = 0;
  #at = 0;
  #feed = this.#events();
  #followed = new Set<string>();
  #found: ApiEvent[] = [];
  #points: ReaderAnswer["points"] = [];

  constructor(answer: (answer: ReaderAnswer) => void) {
    this.#answer = answer;
  }

  /** `at` is now, in milliseconds. */
  take(request: ReaderRequest, at = Date.now()): void {
    this.#at = at;
    switch (request.type) {
      case "begin":
        this.#stream = request.stream;
        this.#feed = this.#events();
        [this.#found, this.#points] = [[], []];
        break;
      case "piece":
        this.#feed(request.piece);
        this.tell(at);
        break;
      case "follow":
        this.#followed = new Set(request.spaces);
    }
  }

  /** Answers what there is to tell; to be asked now and then too, since who says nothing has gone. */
  tell(at = Date.now()): void {
    const [events, points, uses] = [this.#found, this.#points, this.#book.take(at)];
    if (events.length === 0 && points.length === 0 && !uses) return;
    [this.#found, this.#points] = [[], []];
    this.#answer({ type: "read", stream: this.#stream, events, points, uses });
  }

  #events() {
    return eventsOf((data) => {
      const { event } = JSON.parse(data) as Envelope;
      if (event.type === "metrics") {
        const { space, point } = event.data;
        this.#book.add(space, point, this.#at);
        if (this.#followed.has(space)) this.#points.push({ space, point });
        return;
      }
      if (event.type === "space_removed") this.#book.remove(event.data.id);
      this.#found.push(event);
    });
  }
}
