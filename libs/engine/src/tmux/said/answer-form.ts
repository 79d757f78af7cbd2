import { parseJson } from '@remuda/protocol';
import type { ResultForm } from '../../result/result-form.js';

/** The addition to the system prompt for a job with a schema: the interactive program has no tool for results. */
export function formPrompt({ asked }: ResultForm): string {
  return [
    'Your last message must be one JSON value and nothing else: no explanation, no code fence.',
    'It must match this JSON Schema:',
    JSON.stringify(asked),
  ].join('\n');
}

/** The structured result in an answer, or what to say to the model about it; pure. */
export function structuredOf(form: ResultForm, answer: string): { readonly output?: unknown; readonly fault?: string } {
  const output = parseJson(unfenced(answer));
  const fault = output === undefined ? 'it is not JSON' : form.faultOf(output);
  if (fault === undefined) return { output };
  return {
    ...(output === undefined ? {} : { output }),
    fault: `Your last message does not match the JSON Schema of the result: ${fault}. Answer again, with nothing but a JSON value that does.`,
  };
}

/** Models like to fence JSON. */
function unfenced(answer: string): string {
  const [, inner] = /^\s*```(?:json)?\n([^]*)\n```\s*$/.exec(answer) ?? [];
  return inner ?? answer.trim();
}
