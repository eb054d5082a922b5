/** Searches a log off the page's own thread, where an expression may take as long as it likes. */
import { Scanner, type ScanAnswer, type ScanRequest } from "./scanner";

/** How long it searches before it hears what was asked meanwhile. */
const TURN_MS = 12;

const scanner = new Scanner();
const page = self as unknown as {
  onmessage: (event: MessageEvent<ScanRequest>) => void;
  postMessage: (answer: ScanAnswer) => void;
};
// A message to itself comes after those of the page that wait already, and without a timer's delay.
const { port1, port2 } = new MessageChannel();
let searching = false;

function search(): void {
  if (searching) return;
  searching = true;
  port2.postMessage(null);
}

port1.onmessage = () => {
  searching = false;
  const answer = scanner.scan(TURN_MS);
  if (!answer) return;
  page.postMessage(answer);
  if (answer.type === "found" && !answer.done) search();
};

page.onmessage = ({ data }) => {
  const answer = scanner.take(data);
  if (answer) page.postMessage(answer);
  else search();
};
page.postMessage({ type: "ready", search: 0 });
