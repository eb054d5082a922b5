// Renders the OpenAPI document of this server. Text only ever enters the page as text.

const METHODS = ["get", "post", "put", "patch", "delete"];

const make = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== undefined && child !== ""));
  return element;
};

const nameOf = (reference) => reference.split("/").at(-1);

/** A schema in one line, in the way of a type. */
const typeOf = (schema) => {
  if (!schema) return "";
  if (schema.$ref) return nameOf(schema.$ref);
  const some = schema.oneOf ?? schema.anyOf;
  if (some) return some.map(typeOf).join(" | ");
  if (schema.allOf) return schema.allOf.map(typeOf).join(" & ");
  if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(" | ");
  const types = [schema.type ?? "any"].flat();
  return types
    .map((type) => {
      if (type === "array") return `${typeOf(schema.items) || "any"}[]`;
      if (type === "object" && schema.properties) {
        const fields = Object.entries(schema.properties);
        return `{ ${fields.map(([key, value]) => `${key}: ${typeOf(value)}`).join(", ")} }`;
      }
      return schema.format ? `${type} (${schema.format})` : type;
    })
    .join(" | ");
};

const contentOf = (holder) => {
  const [kind, content] = Object.entries(holder?.content ?? {})[0] ?? [];
  return kind ? { kind, type: typeOf(content.schema) } : undefined;
};

const table = (heads, rows) =>
  make(
    "table",
    {},
    make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", {}, cell))))),
  );

const code = (text) => (text ? make("code", {}, text) : "");

const operation = (path, method, about) => {
  const body = make("div", { class: "body" });
  if (about.description) body.append(make("p", {}, about.description));
  if (about.parameters?.length) {
    body.append(
      table(
        ["Parameter", "In", "Type", "Meaning"],
        about.parameters.map((parameter) => [
          code(parameter.name + (parameter.required ? "" : "?")),
          parameter.in,
          code(typeOf(parameter.schema)),
          parameter.description ?? "",
        ]),
      ),
    );
  }
  const sent = contentOf(about.requestBody);
  if (sent) body.append(make("p", {}, `Body (${sent.kind}): `, code(sent.type)));
  body.append(
    table(
      ["Answer", "Meaning", "Body"],
      Object.entries(about.responses ?? {}).map(([status, response]) => [
        status,
        response.description ?? "",
        code(contentOf(response)?.type),
      ]),
    ),
  );
  const head = make(
    "summary",
    {},
    make("span", { class: "method" }, method.toUpperCase()),
    make("span", { class: "path" }, path),
    " ",
    make("span", { class: "says" }, about.summary ?? ""),
  );
  const details = make("details", { id: about.operationId ?? `${method}${path}` }, head, body);
  details.dataset.text = `${method} ${path} ${about.summary ?? ""} ${about.operationId ?? ""}`.toLowerCase();
  return details;
};

const schema = (name, about) => {
  const body = make("div", { class: "body" });
  if (about.description) body.append(make("p", {}, about.description));
  if (about.properties) {
    const required = new Set(about.required);
    body.append(
      table(
        ["Field", "Type", "Meaning"],
        Object.entries(about.properties).map(([key, value]) => [
          code(key + (required.has(key) ? "" : "?")),
          code(typeOf(value)),
          value.description ?? "",
        ]),
      ),
    );
  } else {
    body.append(make("p", {}, code(typeOf(about))));
  }
  const details = make("details", { id: name }, make("summary", {}, make("span", { class: "path" }, name)), body);
  details.dataset.text = name.toLowerCase();
  return details;
};

const show = (api) => {
  const operations = document.getElementById("operations");
  document.getElementById("about").textContent = api.info.description ?? "";
  const groups = new Map();
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((method) => methods[method])) {
      const about = methods[method];
      const group = about.tags?.[0] ?? "other";
      groups.set(group, [...(groups.get(group) ?? []), operation(path, method, about)]);
    }
  }
  for (const [group, members] of groups) {
    operations.append(make("section", {}, make("h2", {}, group), ...members));
  }
  const schemas = Object.entries(api.components?.schemas ?? {});
  if (schemas.length) {
    operations.append(
      make("section", {}, make("h2", {}, "Types"), ...schemas.map(([name, about]) => schema(name, about))),
    );
  }
  document.getElementById("filter").addEventListener("input", ({ target }) => {
    const wanted = target.value.trim().toLowerCase();
    for (const section of operations.children) {
      const members = [...section.querySelectorAll("details")];
      for (const member of members) member.hidden = !member.dataset.text.includes(wanted);
      section.hidden = members.every((member) => member.hidden);
    }
  });
};

const state = document.getElementById("state");
try {
  const answer = await fetch("/api/openapi.json");
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  show(await answer.json());
  state.remove();
} catch (error) {
  state.textContent = `The document could not be loaded: ${error.message}`;
}
