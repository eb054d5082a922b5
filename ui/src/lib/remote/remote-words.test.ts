import { describe, expect, it } from "vitest";
import { forPhone } from "./remote-words";

describe("the address for a phone", () => {
  it("is one that other devices can open", () => {
    expect(forPhone(["http://127.0.0.1:8080", "http://192.168.1.20:8080"])).toBe(
      "http://192.168.1.20:8080",
    );
    expect(forPhone(["http://[::1]:8080", "http://localhost:8080"])).toBeNull();
  });
});
