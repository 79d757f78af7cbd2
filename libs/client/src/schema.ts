// Made from the api's OpenAPI document by `npx vitest run test/integration/api/client-types.test.ts --update`.
export interface paths {
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the process runs
         * @description A liveness probe: restart the process if it does not answer.
         */
        get: operations["getLiveness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether it can serve requests
         * @description A readiness probe: send requests only while it succeeds.
         */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Requests that were refused to someone or steered something, newest first
         * @description Those of the token's own tenant, and those of which it was not found out whose they were. Filters can be combined.
         */
        get: operations["listAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tickets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A ticket, with which a browser opens one stream
         * @description For `EventSource` and WebSocket, which cannot send a token. It may read what the token may, opens one stream within a minute, and the stream ends when the token does.
         */
        post: operations["createTicket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Its metrics, for Prometheus
         * @description The runbook explains them.
         */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Upload a workspace as tar, tar.gz or zip
         * @description Files and folders only. With its digest it can be sent in parts, and taken up where it broke off: `Content-Range: bytes *\/TOTAL` with an empty body asks how far it is.
         */
        put: operations["putUpload"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/uploads/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One upload
         * @description Once it is complete.
         */
        get: operations["getUpload"];
        put?: never;
        post?: never;
        /**
         * Delete an upload
         * @description Jobs that have not begun with it yet then fail.
         */
        delete: operations["deleteUpload"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/artifacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A job's artifacts
         * @description The files that its `artifacts` name, as the latest attempt that could keep any has left them.
         */
        get: operations["listArtifacts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/artifacts.tar": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All of a job's artifacts as a tar archive
         * @description Uncompressed, with files only, at their paths in the workspace.
         */
        get: operations["getArtifactsTar"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/artifacts/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One of a job's artifacts
         * @description Always as a download: browsers do not show it.
         */
        get: operations["getArtifact"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Jobs, newest first
         * @description Filtered by state, profile, label or words, one page at a time. Words find jobs that are over.
         */
        get: operations["listJobs"];
        put?: never;
        /**
         * Submit a job
         * @description The job is stored before the answer is sent. With `Prefer: wait=N` the answer is sent when the job is over, with its result.
         */
        post: operations["submitJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Submit up to 500 jobs: all are accepted, or none
         * @description The ids are in the order of the request. A fault in one job refuses the whole batch; all faults are reported.
         */
        post: operations["submitBatch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One job
         * @description Its state, its submitted fields, and its position in the queue while it waits. The prompt is not included.
         */
        get: operations["getJob"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a job
         * @description A waiting job is over at once; a running one is ended by its worker, and `job.over` follows when it has stopped.
         */
        post: operations["cancelJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/result": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The result of a job
         * @description Text, structured result, tokens and cost, and the changes in its repository. Kept for a while after the end.
         */
        get: operations["getResult"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/webhook/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The messages to a job's webhook, oldest first
         * @description One for each end of the job; kept for 7 days after it was delivered or given up.
         */
        get: operations["listDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/webhook/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send the latest message to a job's webhook again
         * @description With the same id and body, at once: whether it was delivered, was given up, or waits for its next try.
         */
        post: operations["replayWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sessions, newest first
         * @description One page at a time.
         */
        get: operations["listSessions"];
        put?: never;
        /**
         * Create a session
         * @description A conversation that keeps its files from turn to turn. It takes no worker before its first turn.
         */
        post: operations["createSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}/fork": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Fork a session
         * @description A further session with its settings, conversation and files as they were after a turn. From then on each goes its own way.
         */
        post: operations["forkSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One session
         * @description Its state, its settings, the job that is its turn now, those that wait, and what all turns together have changed in its repository.
         */
        get: operations["getSession"];
        put?: never;
        post?: never;
        /**
         * Delete a stopped session
         * @description The jobs that were its turns stay as long as other jobs do.
         */
        delete: operations["deleteSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a session
         * @description It takes no more turns, its turns that are not over are cancelled, and its files are removed. Repeating it is harmless.
         */
        post: operations["stopSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}/turns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a turn to a session
         * @description The turn is a job: its events, its result and its cancelling are those of the job. It begins when the turns before it are over. With `mode: steer` it is none: its prompt is said to the one that runs, whose job the answer names.
         */
        post: operations["submitTurn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The conversation: prompts and answers of all turns
         * @description Also of a session that was deleted, as long as the history has its turns. One page at a time.
         */
        get: operations["getSessionMessages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The files of a session
         * @description As its last turn has left them, in the order of their paths, without those of git. One page at a time.
         */
        get: operations["listSessionFiles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}/transcript": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The conversation as Claude Code has written it
         * @description JSON lines, with which `claude --resume` goes on elsewhere. As of the end of the last turn.
         */
        get: operations["getSessionTranscript"];
        /**
         * Give a new session the conversation of a Claude Code elsewhere
         * @description A transcript as Claude Code has written it, JSON lines, with which the first turn goes on.
         */
        put: operations["putSessionTranscript"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}/files/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One file of a session
         * @description As its last turn has left it. Files only: a path of a link, a device or a folder is refused.
         */
        get: operations["getSessionFile"];
        /**
         * Write a file of a session
         * @description Between two turns: the next one finds it. It takes the place of the file that has its path.
         */
        put: operations["putSessionFile"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Events as Server-Sent Events until the job is over, or a page of them as JSON
         * @description `text/event-stream`: what has happened so far, and then live; `job.over` is the last event. While a job waits, `queue.position` is sent as well,
         *     without an id. `application/json`: one page. Ignore types that you do not know.
         */
        get: operations["getEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Events of all turns as Server-Sent Events until the session has ended, or a page of them as JSON
         * @description The events of the session's turns, one turn after the other, as those of their jobs. Each has an id of the session: the number of
         *     the turn and the id of the event within it. The stream stays open between turns; it ends when the session is stopped and its last turn is over.
         */
        get: operations["getSessionEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The events of many jobs and sessions over one WebSocket
         * @description Send `{"subscribe": "<job id>", "after": 0}` for a job's events above that id, up to 100 at a time, and
         *     `{"unsubscribe": "<job id>"}`. You get `{"job": "<job id>", "event": {…}}` with the events and ids of
         *     `GET /api/v1/jobs/{id}/events`; the last one of a job is `job.over`. A refusal is sent as
         *     `{"error": {problem}, "job"?}`, and the connection stays open. The same of a session, with `{"subscribeSession": "<session id>", "after": "3.17"}` and
         *     `{"unsubscribeSession": "<session id>"}`: you get `{"session": "<session id>", "id": "3.18", "turn": 3, "job": "<job id>", "event": {…}}`.
         */
        get: operations["openStream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Failed jobs that need a person, most recent failure first
         * @description Filtered by profile, code or class, one page at a time.
         */
        get: operations["listDeadLetters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A failed job, with the class, code and last lines of every attempt
         * @description What to know before redriving the job.
         */
        get: operations["getDeadLetter"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/redrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Redrive up to 500 failed jobs: by id, or all that match a filter
         * @description Each job has its own outcome. `more` says whether further jobs match the filter.
         */
        post: operations["redriveJobs"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters/{id}/redrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Redrive a failed job: same id, a new attempt, a fresh allowance
         * @description Its event stream continues after its previous end. A job that only the database still has is submitted once more, as another job with what it was submitted with: the answer has its id. A repeated request answers with the same one for 24 h.
         */
        post: operations["redriveJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/attempts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The attempts of a job that ended without success, oldest first
         * @description With the worker, the failure and its class, and the last output of a lost worker.
         */
        get: operations["listAttempts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All workers
         * @description Of every profile, with phase, memory, the scheduler that assigns jobs, and the job if it is of your tenant.
         */
        get: operations["listWorkers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pools": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All pools, one per profile
         * @description Workers in each phase, jobs that wait and run, and what keeps them waiting. Removed profiles are listed while they have jobs or workers.
         */
        get: operations["listPools"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pools/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause all profiles: no job is started; running jobs continue
         * @description Idempotent.
         */
        post: operations["pauseAllPools"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pools/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End the pause of all profiles
         * @description Pools that were paused or drained individually stay so.
         */
        post: operations["resumeAllPools"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pools/{profile}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause a profile: no job is started; running jobs continue and new ones are accepted
         * @description Idempotent: the first reason is kept.
         */
        post: operations["pausePool"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pools/{profile}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume a profile that was paused, drained or suspended
         * @description Its jobs continue in their order.
         */
        post: operations["resumePool"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pools/{profile}/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Drain a profile: its workers finish and leave, and none is started until it is resumed
         * @description Jobs that are not over by the limit go back to the queue, without counting an attempt.
         */
        post: operations["drainPool"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workers/{id}/cordon": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cordon a worker: it stays, but gets no new jobs
         * @description For example, to inspect it while it is idle.
         */
        post: operations["cordonWorker"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workers/{id}/uncordon": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Uncordon a worker: it gets jobs again
         * @description A drain is not undone.
         */
        post: operations["uncordonWorker"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workers/{id}/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Drain a worker: it finishes and leaves; its pool starts another one
         * @description Jobs that are not over by the limit go back to the queue, without counting an attempt.
         */
        post: operations["drainWorker"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tenants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How tenants stand: jobs, limits, dollars, and what holds them up
         * @description Your own; with the scope admin all that have jobs, at most 100, those with the most waiting ones first.
         */
        get: operations["listTenants"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/bridges": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Bridges to the Claude Code of hosts
         * @description Those that report to this Redis and have done so within the last 15 seconds.
         */
        get: operations["listBridges"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/workers/{id}/screen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The screen of a worker's terminal
         * @description Read-only, without colours; secrets of the job are replaced. Ask for an upgrade to a WebSocket to get a message
         *     `{"worker", "at", "text"}` now and whenever the screen has changed, at most twice a second. The last message may be
         *     `{"error": {problem}}`.
         */
        get: operations["getWorkerScreen"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tokens and cost by day
         * @description Of the jobs that ended on each day, also of those that are no longer kept. At most 366 days.
         */
        get: operations["getUsage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AuditEntry: {
            /** @enum {string} */
            kind: "refused" | "steered";
            /** Format: date-time */
            at: string;
            /** @description Its id, which its answer has as `X-Request-Id`. */
            request: string;
            method: string;
            /** @description Without its query. */
            path: string;
            /** @description HTTP status of the answer. */
            status: number;
            /** @description Why it was refused. */
            code?: string;
            /** @description Address from which the connection came. */
            from?: string;
            /** @description Who; absent if it was not found out, like the tenant. */
            subject?: string;
            tenant?: string;
            /** @description Id of the API key. */
            key?: string;
        };
        AuditPage: {
            entries: components["schemas"]["AuditEntry"][];
            /** @description Pass it as `cursor` to get the next page; absent on the last page. */
            nextCursor?: string;
            /**
             * @description The database could not be asked: only the latest requests are there.
             * @enum {boolean}
             */
            incomplete?: true;
        };
        Ticket: {
            /**
             * @description For the query of one request: `?ticket=…`.
             * @example tk_3f…
             */
            ticket: string;
            /**
             * Format: date-time
             * @description By then it has to be used.
             */
            expiresAt: string;
        };
        Upload: {
            /** @example u-5f1d7a84db5d4a3fa1c2b3d4e5f60718 */
            id: string;
            /** @enum {string} */
            state: "partial" | "complete";
            /** @description Bytes of the archive that have arrived: go on there. */
            received: number;
            /** @description SHA-256 of the archive, in hex. */
            sha256?: string;
            files?: number;
            /** @description What it unpacks to. */
            unpackedBytes?: number;
            /** Format: date-time */
            createdAt?: string;
        };
        Artifact: {
            /** @example dist/app.js */
            path: string;
            bytes: number;
            /** @description SHA-256 of its content, in hex. */
            sha256: string;
        };
        Artifacts: {
            artifacts: components["schemas"]["Artifact"][];
            /** @description Of all together. */
            bytes: number;
            /**
             * Format: date-time
             * @description When they were kept; absent for none.
             */
            createdAt?: string;
        };
        Tools: {
            /**
             * @example [
             *       "Read",
             *       "Bash(git *)"
             *     ]
             */
            allow?: string[];
            deny?: string[];
        };
        Webhook: {
            /** @example https://ci.example.com/hooks/remuda */
            url: string;
            /**
             * @description The ends to tell of; all when absent.
             * @example [
             *       "job.failed"
             *     ]
             */
            events?: ("job.succeeded" | "job.failed" | "job.cancelled")[];
            /** @description Name of the tenant's secret that signs the messages. Default: WEBHOOK_SECRET. */
            secret?: string;
        };
        PullRequestWish: {
            /**
             * @description The subject of the first pushed commit when absent.
             * @example Fix the login
             */
            title?: string;
            /** @description Markdown. A line that names the job when absent. */
            body?: string;
            /**
             * @description The branch to merge into. The ref of the job when absent if that is a branch, else the default branch.
             * @example main
             */
            base?: string;
            /** @description Default: false. */
            draft?: boolean;
        };
        GitPush: {
            /**
             * @description A new branch, or one from which the job goes on: never pushed with force, never to main, master, the default branch or the ref from which the job starts. `remuda/` and the id of the job or of its session when absent.
             * @example remuda/fix-login
             */
            branch?: string;
            /**
             * @description Name of the tenant's secret with the credential, `https://USER:TOKEN@HOST/PATH`, which only the bridge has.
             * @example PUSH_GITHUB
             */
            credential: string;
            /**
             * @description Changes that it has not committed become one last commit, or are left out of what is pushed. Default: commit.
             * @enum {string}
             */
            uncommitted?: "commit" | "leave";
            /** @description Opens a pull request for the branch, or updates the open one, where the host is GitHub or GitLab. */
            pullRequest?: components["schemas"]["PullRequestWish"];
        };
        GitWishes: {
            push: components["schemas"]["GitPush"];
        };
        SubmitJob: {
            /** @description The task for Claude Code: up to 10 MiB of UTF-8. */
            prompt: string;
            /** @description The pool that runs it; see GET /api/v1/pools. Default: default. */
            profile?: string;
            /** @description The profile's own when absent. */
            model?: string;
            /** @description Added to the system prompt; up to 100 KiB. Such a job cannot start fully warm. */
            appendSystemPrompt?: string;
            maxTurns?: number;
            /** @description US dollars over all attempts. */
            maxBudgetUsd?: number;
            tools?: components["schemas"]["Tools"];
            /** @enum {string} */
            permissionMode?: "default" | "acceptEdits" | "plan" | "dontAsk" | "bypassPermissions";
            /** @description JSON Schema (2020-12, or 07 by `$schema`) that the result's `structured` is valid against; up to 64 KiB. */
            outputSchema?: {
                [key: string]: unknown;
            };
            /** @description Default: {"kind":"empty"}. */
            workspace?: "empty" | components["schemas"]["EmptyWorkspace"] | components["schemas"]["GitWorkspace"] | components["schemas"]["UploadWorkspace"] | components["schemas"]["SnapshotWorkspace"];
            /** @description 1 is first. Default: 5. */
            priority?: number;
            /** @description Minimum delay before it starts; alternative to runAt. */
            delayMs?: number;
            /** @description Earliest start: ISO 8601 or epoch ms, at most a year ahead. */
            runAt?: string | number;
            /** @description Fails as job.expired if it has not started within this time after it was ready to. */
            ttlMs?: number;
            /** @description Default: 1800000. */
            timeoutMs?: number;
            /** @description An attempt in which Claude Code prints nothing for this long, tools included, ends as engine.hung. Default: 900000. */
            idleTimeoutMs?: number;
            /**
             * @description Reaction to loopAfter equal tool calls in a row: only an event, or job.looping as well. Default: flag.
             * @enum {string}
             */
            onLoop?: "flag" | "stop";
            /** @description Default: 5. */
            loopAfter?: number;
            /** @description Default: 3. */
            attempts?: number;
            /**
             * @description Reaction to the account's usage limit: the job fails, or waits until the limit is lifted. Default: fail.
             * @enum {string}
             */
            onLimit?: "fail" | "wait";
            /**
             * @description What a repeated attempt does: continues the session of a lost one if possible, or runs the prompt again. Default: resume.
             * @enum {string}
             */
            onLost?: "resume" | "restart";
            /** @description Whether the event stream has message.delta, token by token. Default: false. */
            deltas?: boolean;
            /** @description Environment of its tools: redacted in its output, never shown. */
            secrets?: string[] | {
                [key: string]: string;
            };
            /**
             * @description Hosts that its tools may reach, as far as its profile allows them: host, *.host, host:port or the name of a preset. All of the profile's when absent.
             * @example [
             *       "registry.npmjs.org",
             *       "*.example.com",
             *       "python"
             *     ]
             */
            egress?: string[];
            /**
             * @description Files of its workspace that are kept after it: paths within it, with `*`, `**` and `?` as wildcards.
             * @example [
             *       "dist/**",
             *       "report.html"
             *     ]
             */
            artifacts?: string[];
            /** @description Where a signed message is sent when it is over, by the Standard Webhooks specification. */
            webhook?: components["schemas"]["Webhook"];
            /** @description What the bridge does with the commits in a git workspace once the job has succeeded. */
            git?: components["schemas"]["GitWishes"];
            /**
             * @example {
             *       "team": "search"
             *     }
             */
            labels?: {
                [key: string]: string;
            };
            /** @description Kept unchanged; up to 16 KiB. */
            metadata?: {
                [key: string]: unknown;
            };
        };
        Start: {
            /** @enum {string} */
            kind: "warm" | "cold" | "resumed";
            /** @enum {string} */
            reason?: "own_permission_mode" | "own_system_prompt" | "own_schema" | "trusted_repository" | "no_warm_worker";
        };
        JobTimes: {
            /** Format: date-time */
            queuedAt: string;
            /**
             * Format: date-time
             * @description When it was last redriven.
             */
            redrivenAt?: string;
            /**
             * Format: date-time
             * @description When it was last requeued.
             */
            requeuedAt?: string;
            /** Format: date-time */
            claimedAt?: string;
            /** Format: date-time */
            startedAt?: string;
            /** Format: date-time */
            firstRequestAt?: string;
            /** Format: date-time */
            firstTokenAt?: string;
            /** Format: date-time */
            overAt?: string;
        };
        Failure: {
            /** @enum {string} */
            code: "internal" | "job.cancelled" | "job.expired" | "job.timed_out" | "job.impossible" | "job.looping" | "job.secrets_gone" | "job.secret_unknown" | "job.secrets_unavailable" | "worker.lost" | "worker.drained" | "worker.incompatible" | "container.start_failed" | "engine.start_failed" | "engine.not_running" | "engine.crashed" | "engine.unresponsive" | "engine.hung" | "engine.out_of_memory" | "engine.session_broken" | "session.lost" | "workspace.failed" | "workspace.unavailable" | "turns.exhausted" | "budget.exhausted" | "result.schema_mismatch" | "result.schema_refused" | "model.authentication" | "model.billing" | "model.rate_limited" | "model.limit_reached" | "model.overloaded" | "model.unreachable" | "model.refused" | "model.invalid_request";
            message: string;
            lastLines?: string[];
            /** @description Epoch ms at which the usage limit is lifted. */
            resetAt?: number;
        };
        Usage: {
            inputTokens: number;
            outputTokens: number;
            cacheReadTokens: number;
            cacheWriteTokens: number;
        };
        Ended: {
            /**
             * @description The last rung that was needed.
             * @enum {string}
             */
            by: "interrupt" | "terminate" | "kill" | "container";
            /** @description Processes of the job that were found afterwards. */
            processesLeft: number;
            /** @description From the request to end it to that check. */
            ms: number;
        };
        Commit: {
            id: string;
            subject: string;
        };
        PullRequestOutcome: {
            /** @enum {string} */
            state: "opened" | "updated" | "failed";
            /** @description Its page. */
            url?: string;
            number?: number;
            /**
             * @description Why none was opened.
             * @enum {string}
             */
            reason?: "unsupported" | "credential" | "refused" | "limited" | "unavailable";
            message?: string;
        };
        PushOutcome: {
            /** @enum {string} */
            state: "pushed" | "nothing" | "failed";
            branch: string;
            /** @description The commit to which the branch points now. */
            commit?: string;
            /** @description Commits that it has in addition to the job's base. */
            commits?: number;
            /** @description A page that shows the branch, or the repository. */
            url?: string;
            /**
             * @description What the job had not committed became the last commit, or is not in the branch.
             * @enum {string}
             */
            uncommitted?: "committed" | "left";
            /**
             * @description Why nothing was pushed.
             * @enum {string}
             */
            reason?: "protected" | "invalid" | "too_large" | "branch_exists" | "credential" | "refused" | "unavailable";
            message?: string;
            /** @description If the job wants one. */
            pullRequest?: components["schemas"]["PullRequestOutcome"];
        };
        GitOutcome: {
            branch: string;
            base: string;
            head: string;
            commits: components["schemas"]["Commit"][];
            filesChanged: number;
            insertions: number;
            deletions: number;
            /** @description `git diff --binary` from `base`; absent when over the size limit. */
            patch?: string;
            /** @description Of a job with `git.push` that has succeeded. */
            push?: components["schemas"]["PushOutcome"];
        };
        Result: {
            text: string;
            /** @description Valid against the job’s `outputSchema`. */
            structured?: unknown;
            turns: number;
            usage: components["schemas"]["Usage"];
            /** @description US dollars, at list prices, over all attempts. */
            costUsd: number;
            sessionId?: string;
            git?: components["schemas"]["GitOutcome"];
            warnings?: string[];
            ended?: components["schemas"]["Ended"];
        };
        JobWithResult: {
            id: string;
            /** @description The session of which it is a turn. */
            session?: string;
            /** @description Number of that turn, from 1; absent while it waits for its turn. */
            turn?: number;
            /** @enum {string} */
            state: "queued" | "assigned" | "running" | "waiting" | "succeeded" | "failed" | "cancelled";
            /** @description The current or last attempt; 0 before the first. */
            attempt: number;
            /** @description Attempts that ended with a counted failure. */
            failures: number;
            /** @description Times it was requeued without counting an attempt. */
            requeues: number;
            /** @description Number of retries after each code. */
            retried?: {
                [key: string]: number;
            };
            worker?: string;
            start?: components["schemas"]["Start"];
            /** @description Position among its tenant's jobs of the profile from 1, while it waits in the queue. */
            queuePosition?: number;
            /**
             * Format: date-time
             * @description When it probably starts, by the jobs before it and the median of how long the latest jobs took. Absent where too little is known; no promise.
             */
            estimatedStartAt?: string;
            /**
             * @description Its tenant is at a limit: no job of the tenant starts before one has ended, or dollars count anew.
             * @enum {boolean}
             */
            limited?: true;
            /** Format: date-time */
            wakeAt?: string;
            /** Format: date-time */
            cancelRequestedAt?: string;
            times: components["schemas"]["JobTimes"];
            failure?: components["schemas"]["Failure"];
            turns?: number;
            usage?: components["schemas"]["Usage"];
            /** @description US dollars, at list prices, over all attempts. */
            costUsd?: number;
            ended?: components["schemas"]["Ended"];
            profile: string;
            model?: string;
            appendSystemPrompt?: string;
            maxTurns?: number;
            maxBudgetUsd?: number;
            tools?: components["schemas"]["Tools"];
            /** @enum {string} */
            permissionMode?: "default" | "acceptEdits" | "plan" | "dontAsk" | "bypassPermissions";
            outputSchema?: {
                [key: string]: unknown;
            };
            workspace: components["schemas"]["EmptyWorkspace"] | components["schemas"]["GitWorkspace"];
            priority: number;
            /** Format: date-time */
            runAt?: string;
            ttlMs?: number;
            timeoutMs: number;
            idleTimeoutMs?: number;
            /** @enum {string} */
            onLoop?: "flag" | "stop";
            loopAfter?: number;
            attempts: number;
            /** @enum {string} */
            onLimit?: "fail" | "wait";
            /** @enum {string} */
            onLost?: "resume" | "restart";
            deltas: boolean;
            /** @description Names of its secrets. */
            secrets?: string[];
            /** @description Hosts that its tools may reach. */
            egress?: string[];
            /** @description Files that are kept after it. */
            artifacts?: string[];
            webhook?: components["schemas"]["Webhook"];
            git?: components["schemas"]["GitWishes"];
            labels: {
                [key: string]: string;
            };
            metadata: {
                [key: string]: unknown;
            };
            result?: components["schemas"]["Result"];
        };
        AcceptedJob: {
            id: string;
            /** @enum {string} */
            state: "queued" | "assigned" | "running" | "waiting" | "succeeded" | "failed" | "cancelled";
            /** @example /api/v1/jobs/j-… */
            url: string;
            /** @example /api/v1/jobs/j-…/events */
            events: string;
        };
        SubmitBatch: {
            jobs: components["schemas"]["SubmitJob"][];
        };
        AcceptedBatch: {
            jobs: components["schemas"]["AcceptedJob"][];
        };
        Job: {
            id: string;
            /** @description The session of which it is a turn. */
            session?: string;
            /** @description Number of that turn, from 1; absent while it waits for its turn. */
            turn?: number;
            /** @enum {string} */
            state: "queued" | "assigned" | "running" | "waiting" | "succeeded" | "failed" | "cancelled";
            /** @description The current or last attempt; 0 before the first. */
            attempt: number;
            /** @description Attempts that ended with a counted failure. */
            failures: number;
            /** @description Times it was requeued without counting an attempt. */
            requeues: number;
            /** @description Number of retries after each code. */
            retried?: {
                [key: string]: number;
            };
            worker?: string;
            start?: components["schemas"]["Start"];
            /** @description Position among its tenant's jobs of the profile from 1, while it waits in the queue. */
            queuePosition?: number;
            /**
             * Format: date-time
             * @description When it probably starts, by the jobs before it and the median of how long the latest jobs took. Absent where too little is known; no promise.
             */
            estimatedStartAt?: string;
            /**
             * @description Its tenant is at a limit: no job of the tenant starts before one has ended, or dollars count anew.
             * @enum {boolean}
             */
            limited?: true;
            /** Format: date-time */
            wakeAt?: string;
            /** Format: date-time */
            cancelRequestedAt?: string;
            times: components["schemas"]["JobTimes"];
            failure?: components["schemas"]["Failure"];
            turns?: number;
            usage?: components["schemas"]["Usage"];
            /** @description US dollars, at list prices, over all attempts. */
            costUsd?: number;
            ended?: components["schemas"]["Ended"];
            profile: string;
            model?: string;
            appendSystemPrompt?: string;
            maxTurns?: number;
            maxBudgetUsd?: number;
            tools?: components["schemas"]["Tools"];
            /** @enum {string} */
            permissionMode?: "default" | "acceptEdits" | "plan" | "dontAsk" | "bypassPermissions";
            outputSchema?: {
                [key: string]: unknown;
            };
            workspace: components["schemas"]["EmptyWorkspace"] | components["schemas"]["GitWorkspace"];
            priority: number;
            /** Format: date-time */
            runAt?: string;
            ttlMs?: number;
            timeoutMs: number;
            idleTimeoutMs?: number;
            /** @enum {string} */
            onLoop?: "flag" | "stop";
            loopAfter?: number;
            attempts: number;
            /** @enum {string} */
            onLimit?: "fail" | "wait";
            /** @enum {string} */
            onLost?: "resume" | "restart";
            deltas: boolean;
            /** @description Names of its secrets. */
            secrets?: string[];
            /** @description Hosts that its tools may reach. */
            egress?: string[];
            /** @description Files that are kept after it. */
            artifacts?: string[];
            webhook?: components["schemas"]["Webhook"];
            git?: components["schemas"]["GitWishes"];
            labels: {
                [key: string]: string;
            };
            metadata: {
                [key: string]: unknown;
            };
        };
        JobPage: {
            jobs: components["schemas"]["Job"][];
            /** @description Pass it as `cursor` to get the next page; absent on the last page. */
            nextCursor?: string;
            /**
             * @description The database could not be asked: jobs that have left Redis are missing.
             * @enum {boolean}
             */
            incomplete?: true;
        };
        CancelJob: {
            reason?: string;
        };
        JobResult: {
            id: string;
            /** @enum {string} */
            state: "queued" | "assigned" | "running" | "waiting" | "succeeded" | "failed" | "cancelled";
            failure?: components["schemas"]["Failure"];
            text?: string;
            /** @description Valid against the job’s `outputSchema`. */
            structured?: unknown;
            turns?: number;
            usage?: components["schemas"]["Usage"];
            /** @description US dollars, at list prices, over all attempts. */
            costUsd?: number;
            sessionId?: string;
            git?: components["schemas"]["GitOutcome"];
            warnings?: string[];
            ended?: components["schemas"]["Ended"];
        };
        Delivery: {
            /** @description The header `webhook-id`, the same at each try and replay. */
            id: string;
            /** @enum {string} */
            type: "job.succeeded" | "job.failed" | "job.cancelled";
            url: string;
            /**
             * Format: date-time
             * @description When the job ended.
             */
            at: string;
            /** @enum {string} */
            state: "waiting" | "delivered" | "failed";
            /** @description Tries since it was queued or replayed. */
            tries: number;
            /** @description HTTP status of the latest try. */
            status?: number;
            /** @description Why the latest try failed. */
            failure?: string;
            /**
             * Format: date-time
             * @description When the latest try ended.
             */
            triedAt?: string;
            /**
             * Format: date-time
             * @description When it is tried again.
             */
            nextAt?: string;
        };
        Deliveries: {
            deliveries: components["schemas"]["Delivery"][];
        };
        Replay: {
            id: string;
        };
        CreateSession: {
            /** @description The pool that runs it; see GET /api/v1/pools. Default: default. */
            profile?: string;
            /** @description The profile's own when absent. */
            model?: string;
            /** @description Added to the system prompt; up to 100 KiB. Such a job cannot start fully warm. */
            appendSystemPrompt?: string;
            tools?: components["schemas"]["Tools"];
            /** @enum {string} */
            permissionMode?: "default" | "acceptEdits" | "plan" | "dontAsk" | "bypassPermissions";
            /** @description Default: {"kind":"empty"}. */
            workspace?: "empty" | components["schemas"]["EmptyWorkspace"] | components["schemas"]["GitWorkspace"] | components["schemas"]["UploadWorkspace"] | components["schemas"]["SnapshotWorkspace"];
            /**
             * @example {
             *       "team": "search"
             *     }
             */
            labels?: {
                [key: string]: string;
            };
            /** @description Kept unchanged; up to 16 KiB. */
            metadata?: {
                [key: string]: unknown;
            };
            /**
             * @description A turn that is sent while another one is under way waits, or is refused with session.busy. Default: queue.
             * @enum {string}
             */
            concurrent?: "queue" | "refuse";
            /** @description How long its worker waits for the next turn, with Claude Code alive, in ms; shorter if other jobs need it. Default: 60000. */
            idleMs?: number;
            /** @description US dollars for all its turns together: each gets what is left. */
            maxBudgetUsd?: number;
            /** @description Of how many of its latest turns the files are kept, to fork from. Each is a whole copy. Default: 1. */
            keepTurns?: number;
            /**
             * @description Names of secrets that the operator keeps for the tenant: environment of the tools of each turn.
             * @example [
             *       "GITHUB_TOKEN"
             *     ]
             */
            secrets?: string[];
        };
        ForkPoint: {
            /** @description The session. */
            session: string;
            /** @description The last turn that both have. */
            turn: number;
        };
        LackingTurn: {
            turn: number;
            /** @description The job that this turn is. */
            job: string;
            /** @description Why, as a sentence. */
            reason: string;
        };
        SessionGit: {
            branch: string;
            base: string;
            head: string;
            commits: components["schemas"]["Commit"][];
            filesChanged: number;
            insertions: number;
            deletions: number;
            /** @description The turn after which it was so: the latest that is over and did not fail. */
            turn: number;
            /** @description The job that this turn is; its result has the patch. */
            job: string;
        };
        Session: {
            /** @example s-… */
            id: string;
            /** @enum {string} */
            state: "idle" | "running" | "saving" | "hibernated" | "stopped";
            /** @enum {string} */
            concurrent: "queue" | "refuse";
            /** @description Of how many of its latest turns the files are kept. */
            keepTurns: number;
            /** @description Of a fork: where it comes from. */
            forkedFrom?: components["schemas"]["ForkPoint"];
            /** Format: date-time */
            createdAt: string;
            /**
             * Format: date-time
             * @description When its state last changed, or a turn began.
             */
            changedAt: string;
            /** @description The job that is its turn now. */
            turn?: string;
            /** @description The job of its last turn, while the snapshot of that is being taken. */
            saving?: string;
            /** @description Turns since its latest snapshot of which nothing could be kept: the next turn is told of them. */
            lacks?: components["schemas"]["LackingTurn"][];
            /** @description The worker that waits for its next turn. */
            worker?: string;
            /** @description How long a worker waits for the next turn, in ms. */
            idleMs: number;
            /** @description Jobs that wait for their turn, the next one first. */
            waiting: string[];
            /** @description Turns that have begun so far. */
            turns: number;
            /**
             * Format: date-time
             * @description When the snapshot was taken from which it goes on.
             */
            snapshotAt?: string;
            /** @description What all turns together have changed in its repository. Not in lists. */
            git?: components["schemas"]["SessionGit"];
            /** @description US dollars for all its turns together. */
            maxBudgetUsd?: number;
            /** @description What its turns that are over have cost, in US dollars. */
            costUsd: number;
            profile: string;
            model?: string;
            appendSystemPrompt?: string;
            tools?: components["schemas"]["Tools"];
            /** @enum {string} */
            permissionMode?: "default" | "acceptEdits" | "plan" | "dontAsk" | "bypassPermissions";
            workspace: components["schemas"]["EmptyWorkspace"] | components["schemas"]["GitWorkspace"];
            /** @description Names of the secrets that each of its turns gets. */
            secrets?: string[];
            labels: {
                [key: string]: string;
            };
            metadata: {
                [key: string]: unknown;
            };
        };
        ForkSession: {
            /** @description The turn after which it goes its own way. Default: the last one that is over. */
            turn?: number;
        };
        SessionPage: {
            sessions: components["schemas"]["Session"][];
            /** @description Pass it as `cursor` to get the next page; absent on the last page. */
            nextCursor?: string;
        };
        SubmitTurn: {
            /** @description The task for Claude Code: up to 10 MiB of UTF-8. */
            prompt: string;
            maxTurns?: number;
            /** @description US dollars over all attempts. */
            maxBudgetUsd?: number;
            /** @description JSON Schema (2020-12, or 07 by `$schema`) that the result's `structured` is valid against; up to 64 KiB. */
            outputSchema?: {
                [key: string]: unknown;
            };
            /** @description 1 is first. Default: 5. */
            priority?: number;
            /** @description Default: 1800000. */
            timeoutMs?: number;
            /** @description An attempt in which Claude Code prints nothing for this long, tools included, ends as engine.hung. Default: 900000. */
            idleTimeoutMs?: number;
            /**
             * @description Reaction to loopAfter equal tool calls in a row: only an event, or job.looping as well. Default: flag.
             * @enum {string}
             */
            onLoop?: "flag" | "stop";
            /** @description Default: 5. */
            loopAfter?: number;
            /** @description Default: 3. */
            attempts?: number;
            /**
             * @description Reaction to the account's usage limit: the job fails, or waits until the limit is lifted. Default: fail.
             * @enum {string}
             */
            onLimit?: "fail" | "wait";
            /** @description Whether the event stream has message.delta, token by token. Default: false. */
            deltas?: boolean;
            /**
             * @description Files of its workspace that are kept after it: paths within it, with `*`, `**` and `?` as wildcards.
             * @example [
             *       "dist/**",
             *       "report.html"
             *     ]
             */
            artifacts?: string[];
            /** @description What the bridge does with the commits in a git workspace once the job has succeeded. */
            git?: components["schemas"]["GitWishes"];
            /**
             * @example {
             *       "team": "search"
             *     }
             */
            labels?: {
                [key: string]: string;
            };
            /** @description Kept unchanged; up to 16 KiB. */
            metadata?: {
                [key: string]: unknown;
            };
            /**
             * @description With `interrupt` the turn under way is cancelled, and this one is next; its files and answers stay. With `steer` the prompt becomes no turn: it is said to the one that runs, and nothing but the prompt is given. Default: queue.
             * @enum {string}
             */
            mode?: "queue" | "interrupt" | "steer";
            /**
             * @description Names of secrets that this turn gets besides those of its session.
             * @example [
             *       "GITHUB_TOKEN"
             *     ]
             */
            secrets?: string[];
        };
        Steer: {
            /** @description The id of its event turn.steered. */
            id: string;
            /** @description Whether Claude Code has it; else it gets it as soon as the turn begins. */
            said: boolean;
        };
        AcceptedTurn: {
            id: string;
            /** @enum {string} */
            state: "queued" | "assigned" | "running" | "waiting" | "succeeded" | "failed" | "cancelled";
            /** @example /api/v1/jobs/j-… */
            url: string;
            /** @example /api/v1/jobs/j-…/events */
            events: string;
            /** @example s-… */
            session: string;
            /** @description It waits until this job is over, and those that wait before it. */
            after?: string;
            /** @description Of `mode: steer`: it was said to this turn. */
            steer?: components["schemas"]["Steer"];
        };
        Message: {
            /** @description Number of the turn, from 1. */
            turn: number;
            /** @description The job that it is. */
            job: string;
            /**
             * @description Of the turn: what was said in one that failed is not known to the next.
             * @enum {string}
             */
            state: "queued" | "assigned" | "running" | "waiting" | "succeeded" | "failed" | "cancelled";
            /** @enum {string} */
            role: "user" | "assistant";
            text: string;
            /** Format: date-time */
            at: string;
        };
        MessagePage: {
            messages: components["schemas"]["Message"][];
            /** @description Number of the last turn on this page that is over: pass it as `after` to get the next page. */
            next: number;
            /** @description Whether the session is stopped, its turns are over, and this page has the last message. */
            complete: boolean;
        };
        SessionFile: {
            /** @example src/main.ts */
            path: string;
            bytes: number;
        };
        SessionFilePage: {
            files: components["schemas"]["SessionFile"][];
            /**
             * Format: date-time
             * @description The files are as they were then.
             */
            snapshotAt: string;
            /** @description Pass it as `after` to get the next page; absent on the last page. */
            next?: string;
        };
        Transcript: {
            /** @description Claude Code’s own id of it. */
            sessionId: string;
            /** @description Messages of the user and the assistant, results of tools included. */
            messages: number;
            /** @description The latest version of Claude Code that has written to it. */
            claudeVersion?: string;
            /** @description What is missing in it, or may be. */
            warnings: string[];
        };
        EventPage: {
            events: components["schemas"]["JobEvent"][];
            /** @description Pass it as `after` to get the next page. */
            next: number;
            /** @description Whether the job is over and this page reaches its last event. */
            complete: boolean;
        };
        SessionEvent: {
            /**
             * @description `<turn>.<event>`. Rises over all turns.
             * @example 3.17
             */
            id: string;
            /** @description Number of the turn, from 1. */
            turn: number;
            /** @description The job that it is. */
            job: string;
            event: components["schemas"]["JobEvent"];
        };
        SessionEventPage: {
            events: components["schemas"]["SessionEvent"][];
            /** @description Pass it as `after` to get the next page. */
            next: string;
            /** @description Whether the session is stopped, its turns are over, and this page has the last event. */
            complete: boolean;
        };
        DeadLetter: {
            id: string;
            /** @description The session of which it is a turn. */
            session?: string;
            /** @description Number of that turn, from 1; absent while it waits for its turn. */
            turn?: number;
            /** @enum {string} */
            state: "queued" | "assigned" | "running" | "waiting" | "succeeded" | "failed" | "cancelled";
            /** @description The current or last attempt; 0 before the first. */
            attempt: number;
            /** @description Attempts that ended with a counted failure. */
            failures: number;
            /** @description Times it was requeued without counting an attempt. */
            requeues: number;
            /** @description Number of retries after each code. */
            retried?: {
                [key: string]: number;
            };
            worker?: string;
            start?: components["schemas"]["Start"];
            /** @description Position among its tenant's jobs of the profile from 1, while it waits in the queue. */
            queuePosition?: number;
            /**
             * Format: date-time
             * @description When it probably starts, by the jobs before it and the median of how long the latest jobs took. Absent where too little is known; no promise.
             */
            estimatedStartAt?: string;
            /**
             * @description Its tenant is at a limit: no job of the tenant starts before one has ended, or dollars count anew.
             * @enum {boolean}
             */
            limited?: true;
            /** Format: date-time */
            wakeAt?: string;
            /** Format: date-time */
            cancelRequestedAt?: string;
            times: components["schemas"]["JobTimes"];
            failure?: components["schemas"]["Failure"];
            turns?: number;
            usage?: components["schemas"]["Usage"];
            /** @description US dollars, at list prices, over all attempts. */
            costUsd?: number;
            ended?: components["schemas"]["Ended"];
            profile: string;
            model?: string;
            appendSystemPrompt?: string;
            maxTurns?: number;
            maxBudgetUsd?: number;
            tools?: components["schemas"]["Tools"];
            /** @enum {string} */
            permissionMode?: "default" | "acceptEdits" | "plan" | "dontAsk" | "bypassPermissions";
            outputSchema?: {
                [key: string]: unknown;
            };
            workspace: components["schemas"]["EmptyWorkspace"] | components["schemas"]["GitWorkspace"];
            priority: number;
            /** Format: date-time */
            runAt?: string;
            ttlMs?: number;
            timeoutMs: number;
            idleTimeoutMs?: number;
            /** @enum {string} */
            onLoop?: "flag" | "stop";
            loopAfter?: number;
            attempts: number;
            /** @enum {string} */
            onLimit?: "fail" | "wait";
            /** @enum {string} */
            onLost?: "resume" | "restart";
            deltas: boolean;
            /** @description Names of its secrets. */
            secrets?: string[];
            /** @description Hosts that its tools may reach. */
            egress?: string[];
            /** @description Files that are kept after it. */
            artifacts?: string[];
            webhook?: components["schemas"]["Webhook"];
            git?: components["schemas"]["GitWishes"];
            labels: {
                [key: string]: string;
            };
            metadata: {
                [key: string]: unknown;
            };
            /**
             * @description Who or what caused the failure.
             * @enum {string}
             */
            class: "infrastructure" | "model" | "limit" | "user" | "cancelled" | "timed_out" | "hung";
        };
        DeadLetterPage: {
            deadLetters: components["schemas"]["DeadLetter"][];
            /** @description Pass it as `cursor` to get the next page; absent on the last page. */
            nextCursor?: string;
        };
        EndedAttempt: {
            attempt: number;
            worker: string;
            /** Format: date-time */
            claimedAt: string;
            /** Format: date-time */
            startedAt?: string;
            /** Format: date-time */
            endedAt: string;
            start?: components["schemas"]["Start"];
            /**
             * @description Who or what caused the failure.
             * @enum {string}
             */
            class: "infrastructure" | "model" | "limit" | "user" | "cancelled" | "timed_out" | "hung";
            /** @description HTTP status to use when passing the failure on. */
            status: number;
            failure: components["schemas"]["Failure"];
            /** @description The last text of an attempt whose worker could no longer report. */
            lastText?: string;
            /** @description Evidence that the container ended, if it had to be removed. */
            ended?: components["schemas"]["Ended"];
            /** @description Tokens used, including those of subagents. */
            usage?: components["schemas"]["Usage"];
            /** @description US dollars, at list prices. */
            costUsd?: number;
        };
        DeadLetterInFull: {
            id: string;
            /** @description The session of which it is a turn. */
            session?: string;
            /** @description Number of that turn, from 1; absent while it waits for its turn. */
            turn?: number;
            /** @enum {string} */
            state: "queued" | "assigned" | "running" | "waiting" | "succeeded" | "failed" | "cancelled";
            /** @description The current or last attempt; 0 before the first. */
            attempt: number;
            /** @description Attempts that ended with a counted failure. */
            failures: number;
            /** @description Times it was requeued without counting an attempt. */
            requeues: number;
            /** @description Number of retries after each code. */
            retried?: {
                [key: string]: number;
            };
            worker?: string;
            start?: components["schemas"]["Start"];
            /** @description Position among its tenant's jobs of the profile from 1, while it waits in the queue. */
            queuePosition?: number;
            /**
             * Format: date-time
             * @description When it probably starts, by the jobs before it and the median of how long the latest jobs took. Absent where too little is known; no promise.
             */
            estimatedStartAt?: string;
            /**
             * @description Its tenant is at a limit: no job of the tenant starts before one has ended, or dollars count anew.
             * @enum {boolean}
             */
            limited?: true;
            /** Format: date-time */
            wakeAt?: string;
            /** Format: date-time */
            cancelRequestedAt?: string;
            times: components["schemas"]["JobTimes"];
            failure?: components["schemas"]["Failure"];
            turns?: number;
            usage?: components["schemas"]["Usage"];
            /** @description US dollars, at list prices, over all attempts. */
            costUsd?: number;
            ended?: components["schemas"]["Ended"];
            profile: string;
            model?: string;
            appendSystemPrompt?: string;
            maxTurns?: number;
            maxBudgetUsd?: number;
            tools?: components["schemas"]["Tools"];
            /** @enum {string} */
            permissionMode?: "default" | "acceptEdits" | "plan" | "dontAsk" | "bypassPermissions";
            outputSchema?: {
                [key: string]: unknown;
            };
            workspace: components["schemas"]["EmptyWorkspace"] | components["schemas"]["GitWorkspace"];
            priority: number;
            /** Format: date-time */
            runAt?: string;
            ttlMs?: number;
            timeoutMs: number;
            idleTimeoutMs?: number;
            /** @enum {string} */
            onLoop?: "flag" | "stop";
            loopAfter?: number;
            attempts: number;
            /** @enum {string} */
            onLimit?: "fail" | "wait";
            /** @enum {string} */
            onLost?: "resume" | "restart";
            deltas: boolean;
            /** @description Names of its secrets. */
            secrets?: string[];
            /** @description Hosts that its tools may reach. */
            egress?: string[];
            /** @description Files that are kept after it. */
            artifacts?: string[];
            webhook?: components["schemas"]["Webhook"];
            git?: components["schemas"]["GitWishes"];
            labels: {
                [key: string]: string;
            };
            metadata: {
                [key: string]: unknown;
            };
            /**
             * @description Who or what caused the failure.
             * @enum {string}
             */
            class: "infrastructure" | "model" | "limit" | "user" | "cancelled" | "timed_out" | "hung";
            history: components["schemas"]["EndedAttempt"][];
        };
        DeadLetterFilter: {
            profile?: string;
            /**
             * @description The code with which it failed.
             * @enum {string}
             */
            code?: "internal" | "job.cancelled" | "job.expired" | "job.timed_out" | "job.impossible" | "job.looping" | "job.secrets_gone" | "job.secret_unknown" | "job.secrets_unavailable" | "worker.lost" | "worker.drained" | "worker.incompatible" | "container.start_failed" | "engine.start_failed" | "engine.not_running" | "engine.crashed" | "engine.unresponsive" | "engine.hung" | "engine.out_of_memory" | "engine.session_broken" | "session.lost" | "workspace.failed" | "workspace.unavailable" | "turns.exhausted" | "budget.exhausted" | "result.schema_mismatch" | "result.schema_refused" | "model.authentication" | "model.billing" | "model.rate_limited" | "model.limit_reached" | "model.overloaded" | "model.unreachable" | "model.refused" | "model.invalid_request";
            /**
             * @description Who or what caused the failure.
             * @enum {string}
             */
            class?: "infrastructure" | "model" | "limit" | "user" | "cancelled" | "timed_out" | "hung";
        };
        Redrive: {
            ids?: string[];
            /** @description `{}` means all. */
            filter?: components["schemas"]["DeadLetterFilter"];
            /** @description With `filter`: the maximum number of jobs. */
            limit?: number;
        };
        RedriveOutcome: {
            id: string;
            redriven: boolean;
            /** @description Only the database had the job: id of the job as which it was submitted once more. */
            as?: string;
            /**
             * @description Why the job was not redriven.
             * @enum {string}
             */
            code?: "job.unknown" | "job.not_redrivable";
            detail?: string;
        };
        RedriveOutcomes: {
            outcomes: components["schemas"]["RedriveOutcome"][];
            /** @description Whether more dead letters match the filter; if so, repeat the request. */
            more: boolean;
        };
        EndedAttempts: {
            attempts: components["schemas"]["EndedAttempt"][];
        };
        Worker: {
            id: string;
            profile: string;
            /**
             * @description How its Claude Code is driven.
             * @enum {string}
             */
            engine?: "stream" | "tmux";
            /** @enum {string} */
            phase: "starting" | "idle" | "busy" | "draining" | "gone";
            /** Format: date-time */
            startedAt: string;
            /** Format: date-time */
            readyAt?: string;
            /** Format: date-time */
            idleSince?: string;
            /** Format: date-time */
            heartbeatAt?: string;
            /** @description The job it carries out. */
            job?: string;
            jobsDone: number;
            /** @description Resident memory in MiB: the worker, Claude Code and all processes it started. */
            rssMb?: number;
            /** @description Its version of Claude Code. */
            claudeVersion?: string;
            /** @description Whether it stays without being given new jobs. */
            cordoned: boolean;
            /**
             * Format: date-time
             * @description When it has to leave; a job that still runs is then requeued.
             */
            drainBy?: string;
            /** @description The scheduler that assigns its jobs. */
            owner?: string;
            /** @description Id of the image its container was made from, even if the image's name now refers to another one. */
            release?: string;
        };
        WorkerList: {
            workers: components["schemas"]["Worker"][];
        };
        Halt: {
            /** @enum {string} */
            kind: "paused" | "drained" | "suspended";
            /** Format: date-time */
            since: string;
            reason: string;
            /** @description The repeated failure, if the profile is suspended. */
            code?: Record<string, never>;
            /**
             * Format: date-time
             * @description When jobs that still run are requeued, if the profile is drained.
             */
            by?: string;
            /** @description Whether all profiles were paused at once. */
            everywhere: boolean;
        };
        PoolWait: {
            /**
             * @description What is missing. From `cpu` to `unschedulable`: no node takes the pod.
             * @enum {string}
             */
            reason: "cpu" | "memory" | "storage" | "pods" | "resource" | "taint" | "placement" | "volume" | "unschedulable" | "image" | "not_created";
            /** @description What one of them waits for, for a person. */
            message: string;
            /** @description How many wait for this. */
            workers: number;
        };
        PoolStarts: {
            /** @description Workers that may start at the same time, derived from how long starts take. */
            atOnce: number;
            /** @description Start timeout of a worker, in ms. */
            limitMs: number;
            /** @description Consecutive failed starts. */
            failed: number;
            /** @description Delay before the next start, in ms, because the last ones failed. */
            heldMs: number;
            /** @description Why the last start failed; absent once a start has succeeded. */
            failure?: string;
            /** @description What starting workers wait for, if that may take long: a node, an image. Absent if none does. */
            waits?: components["schemas"]["PoolWait"][];
        };
        PoolDemand: {
            /** @description Idle workers kept ready in addition to the busy ones. */
            warm: number;
            /**
             * @description Why: from arrivals (`demand`), limited by the profile (`min`, `max`), or no job has arrived for a while (`quiet`).
             * @enum {string}
             */
            reason: "demand" | "min" | "max" | "quiet";
            /** @description Jobs that arrived in the last 10 minutes. */
            arrivals: number;
            /** @description Share of those jobs that would have found a warm worker with this target, from 0 to 1. */
            hits: number;
            /** @description How long a worker takes to start, in ms. */
            startMs: number;
        };
        PoolSpare: {
            /**
             * @description The permission mode in which it is started.
             * @enum {string}
             */
            permissionMode: "default" | "acceptEdits" | "plan" | "dontAsk" | "bypassPermissions";
            /** @description How long ago the last job that had use for it was assigned, in ms. */
            agoMs: number;
            /** @description Jobs of the pool that were assigned since then. */
            jobsSince: number;
        };
        Pool: {
            profile: string;
            /** @description No scheduler has this profile any more: its jobs wait until one has it again, or until they are cancelled. */
            removed: boolean;
            /** @description Idle workers kept ready in addition to the busy ones. */
            warm: number;
            /** @description Maximum number of workers. */
            max: number;
            /** @description Workers in each phase. */
            workers: {
                [key: string]: number;
            };
            /** @description Jobs that are ready to start. */
            waiting: number;
            /** @description Parked jobs. */
            delayed: number;
            /** @description Jobs in progress. */
            running: number;
            /** @description Jobs repeatedly failed to start: none is started until the profile is resumed. */
            suspended: boolean;
            /** @description What keeps its jobs waiting; empty if nothing does. */
            halts: components["schemas"]["Halt"][];
            /** @description How its workers start; absent while no scheduler has the profile. */
            starts?: components["schemas"]["PoolStarts"];
            /** @description How `warm` follows from demand; absent if the number is fixed. */
            demand?: components["schemas"]["PoolDemand"];
            /** @description Given if each idle worker keeps a spare process: the last job that had use for it. */
            spare?: components["schemas"]["PoolSpare"];
        };
        PoolList: {
            pools: components["schemas"]["Pool"][];
        };
        PausePool: {
            /** @description Shown with the pool. */
            reason?: string;
        };
        DrainPool: {
            /** @description How long running jobs may continue, in ms; then they are requeued, uncounted. The earlier of two limits applies. Default: 300000. */
            limitMs?: number;
            /** @description Shown with the pool. */
            reason?: string;
        };
        DrainWorker: {
            /** @description How long running jobs may continue, in ms; then they are requeued, uncounted. The earlier of two limits applies. Default: 300000. */
            limitMs?: number;
        };
        TenantLimits: {
            /** @description Its share of the workers, relative to other tenants whose jobs wait. */
            weight?: number;
            /** @description Jobs that may run at a time. */
            running?: number;
            /** @description Jobs that may wait at a time. */
            waiting?: number;
            usdPerDay?: number;
            usdPerMonth?: number;
            /** @description US dollars reserved while a job without a budget runs. */
            reserveUsd?: number;
        };
        TenantSpending: {
            /** @description On this day, by UTC. */
            dayUsd: number;
            /** @description In this month, by UTC. */
            monthUsd: number;
            /** @description Reserved for jobs that run. */
            reservedUsd: number;
        };
        TenantHold: {
            /**
             * @description With `running` jobs wait until one ends; with the others submissions are refused, and with dollars no job starts.
             * @enum {string}
             */
            limit: "running" | "waiting" | "usdPerDay" | "usdPerMonth";
            /**
             * Format: date-time
             * @description When it counts anew; absent where it ends with a job.
             */
            until?: string;
        };
        Tenant: {
            tenant: string;
            /** @description Jobs that wait, parked ones included. */
            waiting: number;
            running: number;
            limits: components["schemas"]["TenantLimits"];
            spent: components["schemas"]["TenantSpending"];
            /** @description Limits that are reached; empty if none is. */
            holds: components["schemas"]["TenantHold"][];
            /** @description Profiles in which none of its jobs starts because of a limit. */
            heldIn: string[];
        };
        TenantList: {
            tenants: components["schemas"]["Tenant"][];
        };
        HostBridge: {
            name: string;
            /** @description Version of its Claude Code. */
            version: string;
            /** Format: date-time */
            since: string;
            /** @description Runs of Claude Code. */
            running: number;
            /** @description Runs that wait for their turn. */
            waiting: number;
            /** @description Clients that have a connection. */
            clients: string[];
            /** @description Whether it takes runs. */
            healthy: boolean;
        };
        HostBridgeList: {
            bridges: components["schemas"]["HostBridge"][];
        };
        Screen: {
            worker: string;
            /**
             * Format: date-time
             * @description When it was looked at, by its own clock.
             */
            at: string;
            /** @description Its lines; at most 40,000 characters. */
            text: string;
        };
        DayUsage: {
            /**
             * @description In UTC.
             * @example 2026-11-29
             */
            day: string;
            /** @description The label's value; absent for jobs without it, and if no label was asked for. */
            label?: string;
            jobs: number;
            usage: components["schemas"]["Usage"];
            /** @description US dollars. */
            costUsd: number;
        };
        UsageByDay: {
            from: string;
            to: string;
            days: components["schemas"]["DayUsage"][];
        };
        /** @enum {string} */
        ErrorCode: "request.malformed" | "request.invalid" | "request.too_large" | "request.not_acceptable" | "request.unsupported_type" | "request.forbidden" | "request.misdirected" | "request.upgrade_required" | "token.missing" | "token.invalid" | "token.scope_missing" | "token.unverifiable" | "route.unknown" | "route.method_not_allowed" | "job.unknown" | "job.not_over" | "job.cannot_cancel" | "job.not_redrivable" | "session.unknown" | "session.stopped" | "session.busy" | "session.not_running" | "session.cannot_steer" | "session.no_files" | "session.cannot_fork" | "session.budget_spent" | "session.has_conversation" | "transcript.invalid" | "file.unknown" | "webhook.no_message" | "artifact.unknown" | "upload.unknown" | "upload.invalid" | "upload.digest_mismatch" | "upload.out_of_place" | "blobs.full" | "blobs.off" | "profile.unknown" | "pool.unknown" | "worker.unknown" | "worker.no_screen" | "worker.screen_unavailable" | "schema.invalid" | "cursor.invalid" | "event_id.invalid" | "idempotency.conflict" | "tenant.limit_reached" | "enrolment.token_invalid" | "enrolment.refused" | "enrolment.spent" | "enrolment.pool_full" | "enrolment.elsewhere" | "enrolment.too_many" | "config.invalid" | "credential.missing" | "redis.unavailable" | "redis.full" | "store.unavailable" | "store.newer" | "blobs.unavailable" | "blobs.broken" | "service.starting" | "bridge.unavailable" | "runtime.unavailable" | "format.unsupported" | "channel.unavailable" | "channel.timed_out" | "channel.invalid" | "host_bridge.malformed" | "host_bridge.unidentified" | "host_bridge.refused" | "host_bridge.busy" | "host_bridge.start_failed" | "host_bridge.stalled" | "host_bridge.stopping" | "internal" | "job.cancelled" | "job.expired" | "job.timed_out" | "job.impossible" | "job.looping" | "job.secrets_gone" | "job.secret_unknown" | "job.secrets_unavailable" | "worker.lost" | "worker.drained" | "worker.incompatible" | "container.start_failed" | "engine.start_failed" | "engine.not_running" | "engine.crashed" | "engine.unresponsive" | "engine.hung" | "engine.out_of_memory" | "engine.session_broken" | "session.lost" | "workspace.failed" | "workspace.unavailable" | "turns.exhausted" | "budget.exhausted" | "result.schema_mismatch" | "result.schema_refused" | "model.authentication" | "model.billing" | "model.rate_limited" | "model.limit_reached" | "model.overloaded" | "model.unreachable" | "model.refused" | "model.invalid_request";
        Fault: {
            /** @example workspace.url */
            path: string;
            message: string;
        };
        Problem: {
            /** @example urn:remuda:error:request.invalid */
            type: string;
            title: string;
            status: number;
            code: components["schemas"]["ErrorCode"];
            detail: string;
            instance?: string;
            faults?: components["schemas"]["Fault"][];
        };
        GitSummary: {
            branch: string;
            base: string;
            head: string;
            commits: components["schemas"]["Commit"][];
            filesChanged: number;
            insertions: number;
            deletions: number;
        };
        EmptyWorkspace: {
            /** @enum {string} */
            kind: "empty";
        };
        GitWorkspace: {
            /** @enum {string} */
            kind: "git";
            /** @example https://github.com/owner/project.git */
            url: string;
            /** @description Branch, tag or commit; the default branch when absent. */
            ref?: string;
            /** @description Commits fetched; all when absent. */
            depth?: number;
        };
        UploadWorkspace: {
            /** @enum {string} */
            kind: "upload";
            /**
             * @description The id of a complete upload.
             * @example u-5f1d7a84db5d4a3fa1c2b3d4e5f60718
             */
            upload: string;
        };
        SnapshotWorkspace: {
            /** @enum {string} */
            kind: "snapshot";
            /** @description Whose files: as its last turn has left them when the job starts. */
            session?: string;
            /** @description Whose files, instead: the artifacts of an earlier job. */
            job?: string;
        };
        JobQueuedEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "job.queued";
            /** @description Epoch ms. */
            at: number;
            data: {
                profile: string;
                priority: number;
                /** @description Epoch ms. */
                runAt?: number;
            };
        };
        JobAssignedEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "job.assigned";
            /** @description Epoch ms. */
            at: number;
            data: {
                worker: string;
                start: components["schemas"]["Start"];
            };
        };
        JobCancelRequestedEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "job.cancel_requested";
            /** @description Epoch ms. */
            at: number;
            data: {
                reason: string;
            };
        };
        JobRequeuedEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "job.requeued";
            /** @description Epoch ms. */
            at: number;
            data: {
                failure: components["schemas"]["Failure"];
                counted: boolean;
                /** @description Epoch ms. */
                wakeAt?: number;
            };
        };
        JobRedrivenEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "job.redriven";
            /** @description Epoch ms. */
            at: number;
            data: {
                attempts: number;
            };
        };
        JobOverEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "job.over";
            /** @description Epoch ms. */
            at: number;
            data: {
                /** @enum {string} */
                state: "succeeded" | "failed" | "cancelled";
                failure?: components["schemas"]["Failure"];
                /** @description US dollars. */
                costUsd?: number;
                turns?: number;
                usage?: components["schemas"]["Usage"];
            };
        };
        AttemptResumedEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "attempt.resumed";
            /** @description Epoch ms. */
            at: number;
            data: {
                sessionId: string;
                /** @description Epoch ms. */
                snapshotAt: number;
                bytes: number;
            };
        };
        AttemptRestartedEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "attempt.restarted";
            /** @description Epoch ms. */
            at: number;
            data: {
                /** @enum {string} */
                reason: "asked" | "failure" | "no_snapshot" | "no_progress" | "unavailable" | "broken" | "refused";
                message?: string;
            };
        };
        AttemptWarnedEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "attempt.warned";
            /** @description Epoch ms. */
            at: number;
            data: {
                message: string;
            };
        };
        AttemptLoopingEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "attempt.looping";
            /** @description Epoch ms. */
            at: number;
            data: {
                tool: string;
                count: number;
            };
        };
        AttemptEndedEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "attempt.ended";
            /** @description Epoch ms. */
            at: number;
            data: {
                /** @enum {string} */
                by: "interrupt" | "terminate" | "kill" | "container";
                processesLeft: number;
                ms: number;
            };
        };
        WorkspacePreparedEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "workspace.prepared";
            /** @description Epoch ms. */
            at: number;
            data: {
                /** @enum {string} */
                kind: "empty" | "git" | "upload" | "snapshot";
                ms: number;
                commit?: string;
            };
        };
        PrepareStartedEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "prepare.started";
            /** @description Epoch ms. */
            at: number;
            data: {
                script: string;
            };
        };
        PrepareEndedEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "prepare.ended";
            /** @description Epoch ms. */
            at: number;
            data: {
                ok: boolean;
                ms: number;
                output: string;
            };
        };
        WorkspaceCollectedEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "workspace.collected";
            /** @description Epoch ms. */
            at: number;
            data: {
                git: components["schemas"]["GitSummary"];
                patchBytes: number;
            };
        };
        WorkspacePushedEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "workspace.pushed";
            /** @description Epoch ms. */
            at: number;
            data: {
                branch: string;
                commit: string;
                url: string;
                pullRequest?: string;
            };
        };
        SessionStartedEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "session.started";
            /** @description Epoch ms. */
            at: number;
            data: {
                sessionId: string;
                model: string;
                tools: string[];
                version?: string;
            };
        };
        TurnSteeredEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "turn.steered";
            /** @description Epoch ms. */
            at: number;
            data: {
                id: string;
                text: string;
            };
        };
        MessageDeltaEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "message.delta";
            /** @description Epoch ms. */
            at: number;
            data: {
                text: string;
            };
        };
        MessageTextEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "message.text";
            /** @description Epoch ms. */
            at: number;
            data: {
                text: string;
            };
        };
        MessageThinkingEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "message.thinking";
            /** @description Epoch ms. */
            at: number;
            data: {
                text: string;
            };
        };
        ToolCalledEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "tool.called";
            /** @description Epoch ms. */
            at: number;
            data: {
                id: string;
                name: string;
                /** @description Any JSON. */
                input: unknown;
            };
        };
        ToolReturnedEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "tool.returned";
            /** @description Epoch ms. */
            at: number;
            data: {
                id: string;
                ok: boolean;
                output: string;
                truncated?: boolean;
            };
        };
        ToolDeniedEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "tool.denied";
            /** @description Epoch ms. */
            at: number;
            data: {
                id: string;
                name: string;
            };
        };
        EgressRefusedEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "egress.refused";
            /** @description Epoch ms. */
            at: number;
            data: {
                host: string;
                port: number;
                /** @enum {string} */
                reason: "not_allowed" | "address" | "server_name" | "not_tls" | "limit";
            };
        };
        ModelRetriedEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "model.retried";
            /** @description Epoch ms. */
            at: number;
            data: {
                attempt: number;
                delayMs: number;
                status?: number;
                error: string;
            };
        };
        TurnEndedEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "turn.ended";
            /** @description Epoch ms. */
            at: number;
            data: {
                turns: number;
                /** @description US dollars. */
                costUsd: number;
                usage: components["schemas"]["Usage"];
            };
        };
        StreamGapEvent: {
            /** @description Rises by one with each event, across all attempts of the job. */
            id: number;
            /** @description The attempt it belongs to; 0 before the first. */
            attempt: number;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "stream.gap";
            /** @description Epoch ms. */
            at: number;
            data: {
                firstHeld: number;
                missed: number;
                reports?: number;
            };
        };
        /** @description Something that has happened to a job. Clients must ignore types that they do not know. */
        JobEvent: components["schemas"]["JobQueuedEvent"] | components["schemas"]["JobAssignedEvent"] | components["schemas"]["JobCancelRequestedEvent"] | components["schemas"]["JobRequeuedEvent"] | components["schemas"]["JobRedrivenEvent"] | components["schemas"]["JobOverEvent"] | components["schemas"]["AttemptResumedEvent"] | components["schemas"]["AttemptRestartedEvent"] | components["schemas"]["AttemptWarnedEvent"] | components["schemas"]["AttemptLoopingEvent"] | components["schemas"]["AttemptEndedEvent"] | components["schemas"]["WorkspacePreparedEvent"] | components["schemas"]["PrepareStartedEvent"] | components["schemas"]["PrepareEndedEvent"] | components["schemas"]["WorkspaceCollectedEvent"] | components["schemas"]["WorkspacePushedEvent"] | components["schemas"]["SessionStartedEvent"] | components["schemas"]["TurnSteeredEvent"] | components["schemas"]["MessageDeltaEvent"] | components["schemas"]["MessageTextEvent"] | components["schemas"]["MessageThinkingEvent"] | components["schemas"]["ToolCalledEvent"] | components["schemas"]["ToolReturnedEvent"] | components["schemas"]["ToolDeniedEvent"] | components["schemas"]["EgressRefusedEvent"] | components["schemas"]["ModelRetriedEvent"] | components["schemas"]["TurnEndedEvent"] | components["schemas"]["StreamGapEvent"];
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getLiveness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It runs. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "live";
                    };
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It can serve requests. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ready";
                        /**
                         * @description Each check: `up`, or why it is down.
                         * @example {
                         *       "redis": "up"
                         *     }
                         */
                        checks: {
                            [key: string]: string;
                        };
                    };
                };
            };
            /** @description It cannot: Redis does not answer, or the api is shutting down. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "not ready" | "shutting down";
                        /**
                         * @description Each check: `up`, or why it is down.
                         * @example {
                         *       "redis": "up"
                         *     }
                         */
                        checks: {
                            [key: string]: string;
                        };
                    };
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listAudit: {
        parameters: {
            query?: {
                /** @description The `nextCursor` of the previous page. */
                cursor?: string;
                limit?: number;
                /** @description Only requests of this tenant, which has to be the token's own. Default: also those of which it was not found out whose they were. */
                tenant?: string;
                /** @description Who: a subject, or the id of an API key. */
                who?: string;
                kind?: string;
                /** @description Not before this time; a day is its beginning in UTC. */
                since?: string;
                /** @description Not after this time. */
                until?: string;
                /** @description What the path begins with. */
                path?: string;
                /** @description Id of the request: the `X-Request-Id` of its answer. */
                request?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createTicket: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ticket"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The Prometheus text format. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    putUpload: {
        parameters: {
            query?: never;
            header?: {
                /** @description Which part the body is: bytes FROM-TO/TOTAL */
                "Content-Range"?: string;
                /** @description Of the whole archive: sha-256=:BASE64: */
                "Repr-Digest"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
                "application/x-tar": string;
                "application/gzip": string;
                "application/zip": string;
                "application/x-gzip": string;
                "application/x-zip-compressed": string;
                "application/x-gtar": string;
            };
        };
        responses: {
            201: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
            /** @description A part has arrived; `received` says how much there is. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getUpload: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Upload"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteUpload: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listArtifacts: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Artifacts"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getArtifactsTar: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-tar": string;
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getArtifact: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                /** @description Its path, with slashes. */
                path: unknown;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listJobs: {
        parameters: {
            query?: {
                /** @description The `nextCursor` of the previous page. */
                cursor?: string;
                limit?: number;
                state?: string;
                profile?: string;
                label?: string;
                /** @description Words of the prompt or of the result, as in a web search: `"a phrase"`, `or`, `-not`. */
                q?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobPage"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    submitJob: {
        parameters: {
            query?: never;
            header?: {
                /** @description `wait=N`: answer when the job is over, after N seconds at most. */
                Prefer?: string;
                /** @description For 24 h, the same key and body return the same job; another body is idempotency.conflict. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SubmitJob"];
            };
        };
        responses: {
            /** @description It was over within the time given in Prefer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobWithResult"];
                };
            };
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AcceptedJob"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    submitBatch: {
        parameters: {
            query?: never;
            header?: {
                /** @description For 24 h, the same key and body return the same job; another body is idempotency.conflict. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SubmitBatch"];
            };
        };
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AcceptedBatch"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["CancelJob"];
            };
        };
        responses: {
            /** @description It had not started, and is cancelled. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Its worker was told to end it. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description job.cannot_cancel: it was already over. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getResult: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobResult"];
                };
            };
            /** @description job.not_over: try again after Retry-After seconds. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listDeliveries: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deliveries"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replayWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Replay"];
                };
            };
            /** @description webhook.no_message: nothing to send again. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSessions: {
        parameters: {
            query?: {
                /** @description Only sessions in this state. A page may then have fewer than `limit`, and still not be the last one. */
                state?: string;
                /** @description The `nextCursor` of the previous page. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionPage"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateSession"];
            };
        };
        responses: {
            201: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    forkSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ForkSession"];
            };
        };
        responses: {
            201: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description session.cannot_fork, session.no_files or session.stopped: there is nothing to go on from. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description session.busy: it is not stopped, or its last turn is not over yet. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stopSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    submitTurn: {
        parameters: {
            query?: never;
            header?: {
                /** @description `wait=N`: answer when the job is over, after N seconds at most. */
                Prefer?: string;
                /** @description For 24 h, the same key and body return the same job; another body is idempotency.conflict. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SubmitTurn"];
            };
        };
        responses: {
            /** @description It was over within the time given in Prefer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobWithResult"];
                };
            };
            202: {
                headers: {
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AcceptedTurn"];
                };
            };
            /** @description session.busy or session.stopped: it takes no further turn now, or none at all. session.not_running or session.cannot_steer: no turn hears it. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSessionMessages: {
        parameters: {
            query?: {
                /** @description Messages of turns after this one. */
                after?: number;
                /** @description Maximum number of turns on the page. */
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessagePage"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSessionFiles: {
        parameters: {
            query?: {
                /** @description Files whose paths come after this one. */
                after?: string;
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionFilePage"];
                };
            };
            /** @description session.no_files or session.stopped: no turn of it is over yet, or it has ended. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSessionTranscript: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description session.no_files or session.stopped: no turn of it is over yet, or it has ended. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    putSessionTranscript: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
                "application/x-tar": string;
                "application/gzip": string;
                "application/zip": string;
                "application/x-gzip": string;
                "application/x-zip-compressed": string;
                "application/x-gtar": string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Transcript"];
                };
            };
            /** @description session.has_conversation, session.busy or session.stopped. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSessionFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its path as in the list of files; slashes may be encoded. */
                path: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description session.no_files or session.stopped: no turn of it is over yet, or it has ended. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    putSessionFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Where it is to be: src/main.ts; slashes may be encoded. */
                path: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
                "application/x-tar": string;
                "application/gzip": string;
                "application/zip": string;
                "application/x-gzip": string;
                "application/x-zip-compressed": string;
                "application/x-gtar": string;
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionFile"];
                };
            };
            /** @description session.busy, session.no_files or session.stopped: it cannot be written now. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getEvents: {
        parameters: {
            query?: {
                /** @description Events with an id above this one. The Last-Event-ID header takes precedence. */
                after?: string;
                /** @description Maximum number of events on a JSON page. */
                limit?: number;
                /** @description Takes precedence over Accept. */
                format?: string;
                /** @description A ticket, in place of a token. */
                ticket?: string;
            };
            header?: {
                /** @description Id of the last event that the client received. */
                "Last-Event-ID"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                    "application/json": components["schemas"]["EventPage"];
                };
            };
            /** @description The job is over, and the client has seen its last event. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSessionEvents: {
        parameters: {
            query?: {
                /** @description Events with an id above this one. The Last-Event-ID header takes precedence. */
                after?: string;
                /** @description Maximum number of events on a JSON page. */
                limit?: number;
                /** @description Takes precedence over Accept. */
                format?: string;
                /** @description A ticket, in place of a token. */
                ticket?: string;
            };
            header?: {
                /** @description Id of the last event that the client received. */
                "Last-Event-ID"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                    "application/json": components["schemas"]["SessionEventPage"];
                };
            };
            /** @description The session has ended, and the client has seen its last event. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    openStream: {
        parameters: {
            query?: {
                /** @description A ticket, in place of a token. */
                ticket?: unknown;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Switching to WebSocket. */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listDeadLetters: {
        parameters: {
            query?: {
                profile?: string;
                /** @description The code with which it failed. */
                code?: string;
                /** @description Who or what caused the failure. */
                class?: string;
                /** @description The `nextCursor` of the previous page. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterPage"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getDeadLetter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterInFull"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    redriveJobs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Redrive"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedriveOutcomes"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    redriveJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description job.not_redrivable: it has not failed, or its prompt, its events or the values of its secrets are no longer kept. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listAttempts: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EndedAttempts"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listWorkers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkerList"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPools: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PoolList"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pauseAllPools: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PausePool"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PoolList"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resumeAllPools: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PoolList"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pausePool: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                profile: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PausePool"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pool"];
                };
            };
            /** @description pool.unknown: no scheduler has this profile. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resumePool: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                profile: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pool"];
                };
            };
            /** @description pool.unknown: no scheduler has this profile. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    drainPool: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                profile: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DrainPool"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pool"];
                };
            };
            /** @description pool.unknown: no scheduler has this profile. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cordonWorker: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Worker"];
                };
            };
            /** @description worker.unknown: there is no such worker. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    uncordonWorker: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Worker"];
                };
            };
            /** @description worker.unknown: there is no such worker. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    drainWorker: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["DrainWorker"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Worker"];
                };
            };
            /** @description worker.unknown: there is no such worker. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listTenants: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantList"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listBridges: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HostBridgeList"];
                };
            };
            /** @description Redis does not answer or is full, or the service is starting: try again later. */
            503: {
                headers: {
                    /** @description Seconds to wait before the next try. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getWorkerScreen: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Screen"];
                };
            };
            /** @description worker.unknown: there is no such worker. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description worker.no_screen: its engine has no terminal, or it shows a job of another tenant. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description worker.screen_unavailable: it shows nothing at the moment. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getUsage: {
        parameters: {
            query?: {
                /** @description First day, in UTC. Default: 29 days before `to`. */
                from?: string;
                /** @description Last day, in UTC. Default: today. */
                to?: string;
                /** @description Name of a label: then each of its values has figures of its own. */
                label?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsageByDay"];
                };
            };
            /** @description store.unavailable: there is no database, or it does not answer. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request is refused; `code` says why. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The service failed; its log says why. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
