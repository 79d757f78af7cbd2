#!/usr/bin/env node
// Reads vitest's JSON report and prints `N passed, N failed, N skipped`. A file that failed before its first test
// counts as one failure. Exit code 1 when something failed, nothing passed, or there is no report.
import { readFileSync } from 'node:fs';

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

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    console.error('ci: the test runner left no report');
    return { testResults: [], numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  }
}

const { passed, failed, skipped } = countTests(read(process.argv[2]));
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
