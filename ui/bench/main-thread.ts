import type { CDPSession, Page } from "@playwright/test";

/**
 * What a page's main thread works, told by the browser itself.
 *
 * In processor time, so that a machine that does other things besides makes it no longer.
 */
export class MainThread {
  private constructor(readonly cdp: CDPSession) {}

  static async of(page: Page): Promise<MainThread> {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
    return new MainThread(cdp);
  }

  /** Milliseconds that it has worked since the page began. */
  async worked(): Promise<number> {
    const { metrics } = await this.cdp.send("Performance.getMetrics");
    const task = metrics.find(({ name }) => name === "TaskDuration");
    if (!task) throw new Error("the browser does not tell how long tasks take");
    return task.value * 1000;
  }

  /** Milliseconds of work in each of the next seconds. */
  async eachSecond(seconds: number): Promise<number[]> {
    const figures: number[] = [];
    let at = performance.now();
    let worked = await this.worked();
    for (let n = 0; n < seconds; n++) {
      await new Promise((resolve) => setTimeout(resolve, 1000 - ((performance.now() - at) % 1000)));
      const [now, next] = [performance.now(), await this.worked()];
      figures.push(((next - worked) / (now - at)) * 1000);
      [at, worked] = [now, next];
    }
    return figures;
  }

  /** Bytes that are in use once all that can go has gone. */
  async heap(): Promise<number> {
    await this.cdp.send("HeapProfiler.collectGarbage");
    const { usedSize } = await this.cdp.send("Runtime.getHeapUsage");
    return usedSize;
  }
}
