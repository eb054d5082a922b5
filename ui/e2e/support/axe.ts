import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** Fails where axe finds a fault in what is shown now. */
export async function expectNoFault(page: Page, where?: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])
    .analyze();
  expect(
    violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.html).join(" | ")}`),
    where,
  ).toEqual([]);
}
