import { createParser } from "eventsource-parser";

/** Finds the events in the pieces of a stream, and hands on the data of each. */
export function eventsOf(onData: (data: string) => void): (piece: Uint8Array) => void {
  const parser = createParser({ onEvent: (event) => onData(event.data) });
  const decoder = new TextDecoder();
  return (piece) => parser.feed(decoder.decode(piece, { stream: true }));
}
