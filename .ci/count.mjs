#!/usr/bin/env node
// Reads vitest's JSON reports. Prints which files took longest, what failed and why, so that the end of a log tells it, and as its last line
// `N passed, N failed, N skipped`, all together. A file that failed before its first test, and a report that is missing,
// count as one failure each. Exit code 1 when something failed or nothing passed.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** Counts a report of `vitest --reporter=json`. */
function countTests(report) {
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** How many characters of a failure's message are printed. */
const messageLength = 2_000;

/** Prints each failed test, or file without tests, with the beginning of its messages. */
function printFailures(report) {
  for (const file of report.testResults.filter((each) => each.status === 'failed')) {
    const failed = file.assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0) console.log(`FAILED ${file.name}\n${(file.message ?? '').slice(0, messageLength)}`);
    for (const test of failed) {
      console.log(`FAILED ${file.name}: ${test.fullName}\n${test.failureMessages.join('\n').slice(0, messageLength)}`);
    }
  }
}

/** How many files are printed. */
const mostSlow = 25;

/** Prints the files that took longest, in seconds, and all files together: what is worth making faster. */
function printSlowest(report) {
  const seconds = ({ startTime, endTime }) => Math.round((endTime - startTime) / 1_000);
  const files = report.testResults.toSorted((a, b) => seconds(b) - seconds(a));
  const sum = files.reduce((total, file) => total + seconds(file), 0);
  console.log(`${files.length} files, ${sum} s together; the slowest:`);
  for (const file of files.slice(0, mostSlow))
    console.log(`  ${String(seconds(file)).padStart(5)} s  ${relative(process.cwd(), file.name)}`);
}

function read(path) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    printSlowest(report);
    printFailures(report);
    return countTests(report);
  } catch {
    console.error(`ci: the test runner left no report at ${path}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const counts = process.argv.slice(2).map(read);
const sum = (name) => counts.reduce((total, count) => total + count[name], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
process.exitCode = sum('failed') === 0 && sum('passed') > 0 ? 0 : 1;
