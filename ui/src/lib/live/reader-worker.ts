/** Reads the page's event stream off the page's own thread. */
import { ApiError } from "$lib/api/client";
import { readStream } from "$lib/api/event-stream";
import { httpTransport } from "$lib/api/http-transport";
import { StreamReader, type ReaderAnswer, type ReaderRequest } from "./reader";

/** A worker can open a stream by itself as well. */
export type WorkerRequest =
  ReaderRequest | { type: "open"; stream: number; path: string } | { type: "close" };

export type WorkerAnswer =
  | ReaderAnswer
  /** The server answered. */
  | { type: "opened"; stream: number }
  /** With the status of the refusal, where it was refused. */
  | { type: "ended"; stream: number; status: number | undefined };

const page = self as unknown as {
  onmessage: (event: MessageEvent<WorkerRequest>) => void;
  postMessage: (answer: WorkerAnswer, transfer: Transferable[]) => void;
};
const api = { transport: httpTransport, baseUrl: self.location.origin };
const reader = new StreamReader((answer) =>
  page.postMessage(answer, answer.uses ? [answer.uses.numbers.buffer] : []),
);
let open = new AbortController();

async function read(stream: number, path: string, signal: AbortSignal): Promise<void> {
  let status: number | undefined;
  try {
    await readStream(
      api,
      path,
      {
        onOpen: () => page.postMessage({ type: "opened", stream }, []),
        onPiece: (piece) => signal.aborted || reader.take({ type: "piece", piece }),
      },
      signal,
    );
  } catch (error) {
    if (error instanceof ApiError) status = error.problem.status;
  }
  if (!signal.aborted) page.postMessage({ type: "ended", stream, status }, []);
}

page.onmessage = ({ data }) => {
  switch (data.type) {
    case "open":
      reader.take({ type: "begin", stream: data.stream });
      open = new AbortController();
      void read(data.stream, data.path, open.signal);
      break;
    case "close":
      open.abort();
      break;
    default:
      reader.take(data);
  }
};
setInterval(() => reader.tell(), 1000);
