import createClient, { type Client } from "openapi-fetch";
import { createContext } from "svelte";
import type { paths } from "./schema";
import type { Problem } from "./types";

/** Carries a request to the API and its answer back: `fetch` in a browser, commands on the desktop. */
export type Transport = (request: Request) => Promise<Response>;

export interface Api extends Client<paths> {
  /** The carrier itself, for answers that stream. */
  readonly transport: Transport;
  /** The address that paths are resolved against. */
  readonly baseUrl: string;
}

/** A refused request. Branch on `code`; show what `problemText` makes of it. */
export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
    this.name = "ApiError";
  }

  get code(): Problem["code"] {
    return this.problem.code;
  }
}

/** The API could not be reached at all. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super("the server does not answer", { cause });
    this.name = "Unreachable";
  }
}

export function createApi(transport: Transport, baseUrl = location.origin): Api {
  const client = createClient<paths>({
    baseUrl,
    fetch: async (request) => {
      try {
        return await transport(request);
      } catch (cause) {
        if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
        throw new Unreachable(cause);
      }
    },
  });
  return Object.assign(client, { transport, baseUrl });
}

/** The data of an answer, or a thrown {@link ApiError}. */
export async function unwrap<T>(
  answer: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) throw new ApiError(toProblem(error, response.status));
  return data as T;
}

/** Reads a refusal; an answer that is no problem document (a proxy's page) becomes one. */
export function toProblem(body: unknown, status: number): Problem {
  if (typeof body === "object" && body !== null && "code" in body && "title" in body) {
    return body as Problem;
  }
  return { title: `HTTP ${status}`, status, code: "internal", detail: "" };
}

/** A key that makes a repeated request safe. `randomUUID` needs a secure context; this does not. */
export function idempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const [getApi, setApi] = createContext<Api>();
