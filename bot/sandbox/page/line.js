// The line between this page and the sandbox: the control API, and the stream of what happens.

/** The sandbox refused or could not be reached; `message` is fit to be read by a person. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function ask(method, path, body) {
  let answer;
  try {
    answer = await fetch(`/sandbox/${path}`, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Refused(0, "No connection. Please try again in a moment.");
  }
  const text = await answer.text();
  let value = null;
  try {
    value = text ? JSON.parse(text) : null;
  } catch {
    // Not JSON: an error page of a proxy or a bare sentence.
  }
  if (!answer.ok) {
    const said = value?.detail ?? value?.description ?? value?.error;
    throw new Refused(answer.status, typeof said === "string" ? said : "That did not work.");
  }
  return value;
}

export const sandbox = {
  phones: () => ask("GET", "phones"),
  chat: (id) => ask("GET", `chats/${id}`),
  send: (id, text) => ask("POST", `chats/${id}/messages`, { text }),
  press: (id, message_id, data) => ask("POST", `chats/${id}/press`, { message_id, data }),
  edit: (id, message_id, text) => ask("POST", `chats/${id}/edit`, { message_id, text }),
  remove: (id, message_id) => ask("POST", `chats/${id}/delete`, { message_id }),
  media: (id, kind, caption) => ask("POST", `chats/${id}/media`, caption ? { kind, caption } : { kind }),
  block: (id, on) => ask("POST", `chats/${id}/block`, { on }),
  clock: () => ask("GET", "clock"),
  moveClock: (step) => ask("POST", "clock", step),
  file: (id) => `/sandbox/files/${encodeURIComponent(id)}`,
};

/**
 * Follow the stream for ever. Each time it opens, `refresh()` fetches how things stand; events that arrive meanwhile wait
 * and are told afterwards, all of them, so that nothing falls between the two. `lost()` is called when the line breaks.
 */
export function follow({ refresh, tell, lost }) {
  let attempt = 0;
  let current = null;

  const again = (stream) => {
    if (stream !== current) return;
    stream.close();
    current = null;
    lost();
    setTimeout(connect, Math.min(5000, 300 * 2 ** attempt++));
  };

  const connect = () => {
    const stream = new EventSource("/sandbox/events");
    current = stream;
    let waiting = [];
    stream.onopen = async () => {
      try {
        await refresh();
      } catch {
        again(stream);
        return;
      }
      if (stream !== current) return;
      attempt = 0;
      const late = waiting;
      waiting = null;
      late.forEach(tell);
    };
    stream.onmessage = ({ data }) => {
      let event;
      try {
        event = JSON.parse(data);
      } catch {
        return;
      }
      if (waiting) waiting.push(event);
      else tell(event);
    };
    stream.onerror = () => again(stream);
  };

  connect();
}
