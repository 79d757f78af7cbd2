import { textOf, type MessagesBody, type Step } from './script.js';

/** What the demo's prompts are answered with when they bring no script: one of everything there is to watch. */
export function demoSteps(body: MessagesBody): readonly Step[] {
  const folder = workingFolder(body);
  return [
    {
      thinking: 'A file is a friendly answer. I write one, then look whether it is there.',
      text: 'I will leave a note in the workspace.',
      tools: [{ name: 'Write', input: { file_path: `${folder}hello.txt`, content: 'Hello from a warm worker.\n' } }],
      chunkMs: 30,
    },
    { tools: [{ name: 'Bash', input: { command: 'ls -l', description: 'List the workspace' } }], delayMs: 150 },
    {
      text: 'Done. The workspace now has a file hello.txt with a greeting in it. The model that says so is a script; the tools were real.',
      chunkMs: 40,
      delayMs: 150,
      usage: { input_tokens: 2_400, output_tokens: 96 },
    },
  ];
}

/** The agent's working folder with a slash at its end, as its system prompt names it; empty where it names none. */
function workingFolder(body: MessagesBody): string {
  const said = JSON.stringify(body.system ?? '') + body.messages.map(textOf).join('\n');
  const folder = /working directory: ([^\s"\\]+)/i.exec(said)?.[1];
  return folder === undefined ? '' : `${folder}/`;
}
