import { expect, type Page } from "@playwright/test";

/** Fails where a control is cut off, lies over another one, or where the page is wider than its window. */
export async function expectRoom(page: Page, where: string): Promise<void> {
  const faults = await page.evaluate(() => {
    /** What is seen of an element: it ends where something around it scrolls or cuts. */
    const seen = (element: Element) => {
      const box = element.getBoundingClientRect();
      let { left, right, top, bottom } = box;
      for (let at = element.parentElement; at; at = at.parentElement) {
        if (getComputedStyle(at).overflow === "visible") continue;
        const around = at.getBoundingClientRect();
        left = Math.max(left, around.left);
        right = Math.min(right, around.right);
        top = Math.max(top, around.top);
        bottom = Math.min(bottom, around.bottom);
      }
      return { left, right, top, bottom, width: right - left, height: bottom - top };
    };
    const shown = (element: Element) => {
      const { width, height } = seen(element);
      return width > 1 && height > 1 && (element as HTMLElement).checkVisibility();
    };
    const name = (element: Element) =>
      (element.getAttribute("aria-label") ?? element.textContent ?? "").trim().slice(0, 60);
    const controls = [...document.querySelectorAll("button, a[href], [role=tab], input, select")]
      .filter(shown)
      // A toast lies over the page, and what is only heard has no place on it.
      .filter((it) => !it.closest("[data-sonner-toaster], .sr-only, [inert]"));
    const faults: string[] = [];

    const wider = document.documentElement.scrollWidth - innerWidth;
    if (wider > 0) faults.push(`the page is ${wider} px wider than its window`);

    for (const control of controls) {
      // Names of Spaces and the like may be shortened; words of the program may not.
      if (!control.matches("button, [role=tab]") || control.querySelector(".truncate")) continue;
      const box = control.getBoundingClientRect();
      const walker = document.createTreeWalker(control, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (node.parentElement?.closest(".sr-only")) continue;
        const text = document.createRange();
        text.selectNodeContents(node);
        const { left, right, width } = text.getBoundingClientRect();
        // A word of one pixel is there for those who hear it.
        if (width === 0 || (node.parentElement?.getBoundingClientRect().width ?? 0) <= 1) continue;
        if (left < box.left - 1.5 || right > box.right + 1.5) faults.push(`cut: ${name(control)}`);
      }
    }
    const boxes = controls.map((control) => ({ control, box: seen(control) }));
    for (const [index, a] of boxes.entries()) {
      for (const b of boxes.slice(index + 1)) {
        const within = a.control.contains(b.control) || b.control.contains(a.control);
        const x = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
        const y = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
        if (within || x <= 2 || y <= 2) continue;
        // What floats over what scrolls, such as the bar on a phone, hides only what is scrolled to.
        const middle = document.elementFromPoint(
          Math.max(a.box.left, b.box.left) + x / 2,
          Math.max(a.box.top, b.box.top) + y / 2,
        );
        if (middle && (a.control.contains(middle) || b.control.contains(middle))) {
          const apart =
            a.control.closest("[data-scroller]") === b.control.closest("[data-scroller]");
          if (apart) faults.push(`over each other: ${name(a.control)} | ${name(b.control)}`);
        }
      }
    }
    return faults;
  });
  expect.soft(faults, where).toEqual([]);
}

/** Makes every text of the page 40 % longer, as another language would. */
export async function withLongerTexts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const written = new WeakMap<Node, string>();
    const lengthen = (node: Node) => {
      const text = node.nodeValue ?? "";
      if (written.get(node) === text || !/\p{L}{2}/u.test(text)) return;
      // Names and times are data, and long enough as they are.
      if (node.parentElement?.closest("[data-space], time, .mono, .num, style, script, title"))
        return;
      const longer = text.replace(/\p{L}{2,}/gu, (word) => {
        return word + "é".repeat(Math.ceil(word.length * 0.4));
      });
      written.set(node, longer);
      node.nodeValue = longer;
    };
    const all = (root: Node) => {
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) lengthen(node);
    };
    new MutationObserver((changes) => {
      for (const { type, target, addedNodes } of changes) {
        if (type === "characterData") lengthen(target);
        for (const node of addedNodes) {
          if (node.nodeType === Node.TEXT_NODE) lengthen(node);
          else all(node);
        }
      }
    }).observe(document, { subtree: true, childList: true, characterData: true });
  });
}
