import '../dist/action/main.js';
