import { describe, expect, it } from "vitest";
import { failureDetails, failureText, withoutSecrets } from "./failure";

const ORIGIN = "http://10.0.0.7:8787";

describe("the details of a failure", () => {
  it("hold neither a token, nor a code, nor where the server is", () => {
    const error = new Error(
      `GET ${ORIGIN}/?code=one-time&x=1 with hf_AbC123xyz and Authorization: Bearer s3cret`,
    );
    const text = failureDetails(error, { page: "/spaces" }, ORIGIN);
    for (const secret of ["one-time", "AbC123xyz", "s3cret", "10.0.0.7"]) {
      expect(text).not.toContain(secret);
    }
    expect(text).toContain("page: /spaces");
    expect(text).toContain("x=1");
  });

  it("say once what was thrown, whatever it was", () => {
    const text = failureDetails(new TypeError("x is undefined"), {}, ORIGIN);
    expect(text.split("TypeError: x is undefined")).toHaveLength(2);
    expect(failureText("just words")).toBe("just words");
    expect(failureText(undefined)).toBe("undefined");
  });

  it("leave plain text as it is", () => {
    expect(withoutSecrets("a key and a token were named", ORIGIN)).toBe(
      "a key and a token were named",
    );
  });
});
