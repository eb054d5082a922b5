import type { Page } from "@playwright/test";

declare global {
  interface Window {
    painted?: Promise<number>;
  }
}

/**
 * Milliseconds from an input until what it changes in the page has been painted.
 *
 * @param input The event that begins it.
 * @param selector The element whose `attribute` changes.
 */
export async function timeToPaint(
  page: Page,
  [input, selector, attribute]: [input: string, selector: string, attribute: string],
  act: () => Promise<void>,
): Promise<number> {
  await page.evaluate(
    ([input, selector, attribute]) => {
      const element = document.querySelector(selector);
      if (!element) throw new Error(`there is no ${selector}`);
      window.painted = new Promise((resolve) => {
        let begun = NaN;
        addEventListener(input, (event) => (begun = event.timeStamp), {
          capture: true,
          once: true,
        });
        new MutationObserver((_, observer) => {
          observer.disconnect();
          // A message that is posted from a frame is heard once the frame is done.
          requestAnimationFrame(() => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => resolve(performance.now() - begun);
            port2.postMessage(null);
          });
        }).observe(element, { attributeFilter: [attribute] });
      });
    },
    [input, selector, attribute] as const,
  );
  await act();
  const painted = await page.evaluate(() => window.painted);
  if (painted === undefined) throw new Error("the page has begun anew");
  return painted;
}

/** Waits until two frames have been drawn: all that was asked for before is on screen. */
export const settled = (page: Page): Promise<void> =>
  page.evaluate(
    () =>
      new Promise<void>((resolve) =>
        requestAnimationFrame(() => requestAnimationFrame(() => resolve())),
      ),
  );
