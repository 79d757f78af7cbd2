/* global document, EventSource, WebSocket, navigator, Blob */
/** Runs in a browser's page: tries to read and to steer the api in every way that a page has. Gives what it could read, by try. */
async function tries({ api, job, board }) {
  const json = { 'content-type': 'application/json' };
  const plain = { method: 'POST', mode: 'no-cors', headers: { 'content-type': 'text/plain' } };
  const submission = JSON.stringify({ prompt: 'from a page' });
  const read = async (path, init) => (await fetch(api + path, init)).text();

  const happened = (target, ...names) =>
    new Promise((resolve) => {
      for (const name of names) target.addEventListener(name, (event) => resolve(event.data ?? name), { once: true });
    });

  /** Sends a form into a frame, and reads that frame where the browser lets it. */
  const form = async (path, fields, { method = 'POST', enctype = 'text/plain' } = {}) => {
    const frame = document.createElement('iframe');
    frame.name = `frame-${path}-${method}`;
    const sent = Object.assign(document.createElement('form'), {
      action: api + path,
      method,
      enctype,
      target: frame.name,
    });
    for (const [name, value] of Object.entries(fields))
      sent.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
    document.body.append(frame, sent);
    const loaded = happened(frame, 'load');
    sent.submit();
    await loaded;
    return frame.contentDocument?.body.textContent ?? 'a frame of another origin';
  };

  const tag = async (element, path) => {
    const over = happened(element, 'load', 'error');
    element.src = api + path;
    document.body.append(element);
    return over;
  };

  const stream = async () => {
    const source = new EventSource(`${api}/api/v1/jobs/${job}/events`);
    const said = await happened(source, 'job.queued', 'error');
    source.close();
    return said;
  };

  const socket = async () => {
    const line = new WebSocket(`${api.replace('http', 'ws')}/api/v1/stream`);
    if ((await happened(line, 'open', 'error')) === 'error') return 'error';
    const said = happened(line, 'message', 'close');
    line.send(JSON.stringify({ subscribe: job, after: 0 }));
    return said;
  };

  const all = {
    'fetch: list jobs': () => read('/api/v1/jobs'),
    'fetch: list jobs, no-cors': () => read('/api/v1/jobs', { mode: 'no-cors' }),
    'fetch: the board': () => read(board),
    'fetch: submit': () => read('/api/v1/jobs', { method: 'POST', headers: json, body: submission }),
    'fetch: submit as text/plain': () => read('/api/v1/jobs', { ...plain, body: submission }),
    'fetch: pause all, no body, no-cors': () => read('/api/v1/pools/pause', { method: 'POST', mode: 'no-cors' }),
    'fetch: drain, no body': () => read('/api/v1/pools/default/drain', { method: 'POST' }),
    'fetch: cancel, no body, no-cors': () => read(`/api/v1/jobs/${job}/cancel`, { method: 'POST', mode: 'no-cors' }),
    'fetch: pause by the board': () => read(`${board}/jobs.default/pause`, { method: 'PUT' }),
    'beacon: pause': async () => String(navigator.sendBeacon(`${api}/api/v1/pools/default/pause`, new Blob())),
    'form: pause': () => form('/api/v1/pools/default/pause', {}),
    'form: submit': () => form('/api/v1/jobs', { '{"prompt":"from a form","metadata":{"a":"': '"}}' }),
    'form: list jobs into a frame': () => form('/api/v1/jobs', {}, { method: 'GET' }),
    'script: list jobs': () => tag(document.createElement('script'), '/api/v1/jobs'),
    'frame: list jobs': async () => {
      const frame = document.createElement('iframe');
      await tag(frame, '/api/v1/jobs');
      return frame.contentDocument?.body.textContent ?? 'a frame of another origin';
    },
    'EventSource: follow a job': stream,
    'WebSocket: follow a job': socket,
  };
  const came = {};
  for (const [name, attempt] of Object.entries(all)) came[name] = await attempt().catch((error) => String(error));
  return came;
}
