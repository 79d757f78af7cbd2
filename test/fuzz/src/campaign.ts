import fc from 'fast-check';
import { codesIn, faultOf, type DocumentedCodes } from './answer-rules.js';
import { operationsOf } from './document.js';
import { Line } from './line.js';
import { requestsFor, unroutedRequests, withIds, type FuzzRequest } from './requests.js';
import type { Stand } from './stand.js';

/** How much is asked, and from which seed the requests come. */
export interface CampaignPlan {
  readonly requests: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

/** Something that must not be, with the smallest request that was found to show it. */
export interface Finding {
  readonly fault: string;
  readonly request: FuzzRequest;
}

/** What a campaign came to. */
export interface CampaignEnd {
  readonly sent: number;
  readonly durationMs: number;
  /** How many answers of each status; `left` are those that were not waited for. */
  readonly statuses: ReadonlyMap<string, number>;
  /** Requests by operation. */
  readonly operations: ReadonlyMap<string, number>;
  readonly findings: readonly Finding[];
  /** What the api logged as its own failures, and that it ended, if it did. */
  readonly failures: readonly string[];
}

const lines = 16;
/** Most requests for one operation that are made at once; smaller pieces mix the operations. */
const largestPiece = 100;
/** An answer that takes longer than this hangs. */
const hangMs = 15_000;
/** A client that asked to wait for its job's end goes after so long: no worker is there to bring it. */
const patienceMs = 250;
const mostFindings = 20;
/** The same fault in several operations has one cause. */
const mostAlike = 3;
const shrinkMs = 5_000;

/** Sends requests to every operation that the api describes, and looks at every answer. */
export async function campaign(stand: Stand, { requests, seed, say }: CampaignPlan): Promise<CampaignEnd> {
  const began = performance.now();
  const judge = new Judge(stand, codesIn(stand.errors));
  const sources = sourcesOf(stand);
  say(`seed ${String(seed)}: ${String(requests)} requests to ${String(sources.length - 1)} operations and elsewhere`);
  const operations = new Map<string, number>();
  // A short campaign, too, comes to every operation.
  const piece = Math.max(1, Math.min(largestPiece, Math.floor(requests / sources.length)));
  for (let sent = 0, n = 0; sent < requests; n++) {
    const source = sources[n % sources.length]!;
    const count = Math.min(piece, requests - sent);
    const batch = { source, seed: seed * 1_000_003 + n, count };
    await runBatch(batch, judge);
    operations.set(source.name, (operations.get(source.name) ?? 0) + count);
    sent += count;
  }
  judge.close();
  const { statuses, findings } = judge;
  const durationMs = performance.now() - began;
  return { sent: requests, durationMs, statuses, operations, findings, failures: await stand.faults() };
}

/** Where requests come from. What takes a body comes more often: there is more that can be wrong. */
interface Source {
  readonly name: string;
  readonly requests: fc.Arbitrary<FuzzRequest>;
}

function sourcesOf({ document }: Stand): readonly Source[] {
  const operations = operationsOf(document);
  const schemas = document.components?.schemas ?? {};
  const described = operations.map((each) => ({ name: each.name, requests: requestsFor(each, schemas) }));
  const twice = described.filter((_source, n) => operations[n]?.body !== undefined);
  return [...described, ...twice, ...twice, { name: 'elsewhere', requests: unroutedRequests(operations) }];
}

interface Batch {
  readonly source: Source;
  readonly seed: number;
  readonly count: number;
}

/** Sends a batch over all lines at once. */
async function runBatch({ source, seed, count }: Batch, judge: Judge): Promise<void> {
  const requests = fc.sample(source.requests, { seed, numRuns: count });
  const found: { readonly at: number; readonly fault: string }[] = [];
  await Promise.all(
    judge.lines.map(async (line, first) => {
      for (let at = first; at < requests.length; at += lines) {
        const fault = await judge.look(requests[at]!, line);
        if (fault !== undefined) found.push({ at, fault });
      }
    }),
  );
  for (const { at, fault } of found)
    if (judge.isNew(fault, source.name)) {
      const request = await shrink({ source, seed, at, judge });
      judge.findings.push(request === undefined ? { fault, request: requests[at]! } : request);
    }
}

/** The smallest request that still shows a fault; undefined where the fault does not show again. */
async function shrink(of: Pick<Batch, 'source' | 'seed'> & { at: number; judge: Judge }): Promise<Finding | undefined> {
  const [line] = of.judge.lines;
  let smallest: Finding | undefined;
  const property = fc.asyncProperty(of.source.requests, async (request) => {
    const fault = await of.judge.look(request, line!);
    if (fault !== undefined) smallest = { fault, request };
    return fault === undefined;
  });
  await fc.check(property, { seed: of.seed, path: String(of.at), numRuns: 1, interruptAfterTimeLimit: shrinkMs });
  return smallest;
}

class Judge {
  readonly lines: readonly Line[];
  readonly statuses = new Map<string, number>();
  readonly findings: Finding[] = [];
  readonly #known = new Set<string>();

  constructor(
    private readonly stand: Stand,
    private readonly codes: DocumentedCodes,
  ) {
    this.lines = Array.from({ length: lines }, () => new Line(stand.port));
  }

  /** Sends a request and says what is wrong with its answer. */
  async look(request: FuzzRequest, line: Line): Promise<string | undefined> {
    const mayWait = request.headers.some(([name, value]) => name === 'prefer' && /wait/i.test(value));
    const waitMs = mayWait ? patienceMs : hangMs;
    const exchange = await line.exchange({ bytes: bytesOf(request, this.stand.jobs), method: request.method, waitMs });
    const answer = 'answer' in exchange ? exchange.answer : undefined;
    const status = answer === undefined ? 'left' : String(answer.status);
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    if ('cut' in exchange) return `the connection ends without an answer: ${exchange.cut}`;
    if ('silent' in exchange) return mayWait ? undefined : `no answer within ${String(waitMs)} ms`;
    return faultOf(request, exchange.answer, this.codes);
  }

  /** Whether a fault was not found in this operation before, and there is room for it. */
  isNew(fault: string, operation: string): boolean {
    const name = `${operation} ${fault}`;
    const alike = [...this.#known].filter((each) => each.endsWith(` ${fault}`)).length;
    if (this.#known.has(name) || alike >= mostAlike || this.#known.size >= mostFindings) return false;
    this.#known.add(name);
    return true;
  }

  close(): void {
    for (const line of this.lines) line.close();
  }
}

/** A request as bytes, with the ids of known jobs in their places. */
export function bytesOf({ method, target, headers, body }: FuzzRequest, jobs: readonly string[]): Buffer {
  const content = body === undefined ? undefined : Buffer.from(body);
  const head = [
    `${method} ${withIds(target, jobs)} HTTP/1.1`,
    'host: 127.0.0.1',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(content === undefined ? [] : [`content-length: ${String(content.length)}`]),
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), content ?? Buffer.alloc(0)]);
}
