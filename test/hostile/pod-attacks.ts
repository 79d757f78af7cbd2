import { attacks } from './catalogue.js';

/** What a job in a pod tries besides, by the words of its program (`attacks/pod.mjs`). */
const onlyInPods = [
  ...['pod.worker', 'pod.password', 'pod.account', 'pod.api_server', 'pod.bridge', 'pod.redis', 'pod.between'],
] as const;

/** Programs of the catalogue that a pod's job runs too; others meet walls that are different ones in a pod. */
const sameWalls = /^(root|files|bridge)\./;

/** What is judged from outside, at the model or by another job; and volumes, which are the node's in a pod. */
const notHere: readonly string[] = ['bridge.silent', 'bridge.other_account', 'bridge.betas', 'files.host'];

/** Every attack that has to be held off in a pod. */
export const podAttacks: readonly string[] = [
  ...onlyInPods,
  ...attacks.flatMap(({ id, known }) =>
    sameWalls.test(id) && !notHere.includes(id) && known === undefined ? [id] : [],
  ),
];
