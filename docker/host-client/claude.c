/*
 * `claude` for a container that has no Claude Code: runs that of the host, through the socket of the host bridge.
 * The protocol is in libs/protocol/src/host-bridge/messages.ts. No dependency but libc; built static.
 *
 * Variables: CLAUDE_BRIDGE_SOCKET (default /host/claude-bridge.sock), CLAUDE_BRIDGE_TOKEN, CLAUDE_BRIDGE_ENV (names of
 * further variables to pass on, separated by commas).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 48 * 1024, HEARTBEAT_MS = 5000, SILENCE_MS = 20000, FIRST_CREDIT = 256 * 1024 };
enum { EXIT_USAGE = 64, EXIT_NO_BRIDGE = 69, EXIT_BROKEN = 70, EXIT_PROTOCOL = 76 };

static struct termios old_terminal;
static bool terminal_changed;

static void restore_terminal(void) {
  if (terminal_changed) tcsetattr(STDIN_FILENO, TCSAFLUSH, &old_terminal);
  terminal_changed = false;
}

static void leave(int code) {
  restore_terminal();
  exit(code);
}

static void fail(int code, const char *format, ...) {
  restore_terminal();
  va_list values;
  va_start(values, format);
  fputs("Claude Code Bridge Error: ", stderr);
  vfprintf(stderr, format, values);
  fputc('\n', stderr);
  va_end(values);
  exit(code);
}

static void no_bridge(void) {
  restore_terminal();
  fputs("Claude Code Bridge Error: Unable to connect to host\n"
        "Please ensure:\n"
        "1. Claude Code bridge service is running on host\n"
        "2. Socket is mounted at /host/claude-bridge.sock\n"
        "3. Host has Claude Code installed and authenticated\n"
        "\n"
        "Alternative: Use Task Master with API-based models instead\n",
        stderr);
  exit(EXIT_NO_BRIDGE);
}

/* Buffers ------------------------------------------------------------------------------------------------------- */

struct buffer {
  char *bytes;
  size_t length, capacity;
};

static void reserve(struct buffer *buffer, size_t more) {
  if (buffer->length + more <= buffer->capacity) return;
  size_t capacity = buffer->capacity == 0 ? 4096 : buffer->capacity;
  while (capacity < buffer->length + more) capacity *= 2;
  char *bytes = realloc(buffer->bytes, capacity);
  if (bytes == NULL) fail(EXIT_BROKEN, "Out of memory");
  buffer->bytes = bytes;
  buffer->capacity = capacity;
}

static void add(struct buffer *buffer, const char *bytes, size_t length) {
  reserve(buffer, length);
  memcpy(buffer->bytes + buffer->length, bytes, length);
  buffer->length += length;
}

static void add_text(struct buffer *buffer, const char *text) { add(buffer, text, strlen(text)); }

static void drop(struct buffer *buffer, size_t length) {
  memmove(buffer->bytes, buffer->bytes + length, buffer->length - length);
  buffer->length -= length;
}

/* JSON and base64 ----------------------------------------------------------------------------------------------- */

/* The length of the UTF-8 character at the beginning; 0 if there is none. */
static size_t utf8_length(const unsigned char *text) {
  if (text[0] < 0x80) return 1;
  size_t length = text[0] >= 0xc2 && text[0] < 0xe0 ? 2 : (text[0] & 0xf0) == 0xe0 ? 3 : text[0] >= 0xf0 && text[0] < 0xf5 ? 4 : 0;
  for (size_t i = 1; i < length; i++)
    if ((text[i] & 0xc0) != 0x80) return 0;
  if (text[0] == 0xe0 && text[1] < 0xa0) return 0;
  if (text[0] == 0xed && text[1] > 0x9f) return 0;
  if (text[0] == 0xf0 && text[1] < 0x90) return 0;
  if (text[0] == 0xf4 && text[1] > 0x8f) return 0;
  return length;
}

/* Adds a text as a JSON string; `what` names it if it is not UTF-8. */
static void add_json(struct buffer *buffer, const char *text, const char *what) {
  add(buffer, "\"", 1);
  for (const unsigned char *at = (const unsigned char *)text; *at != 0;) {
    size_t length = utf8_length(at);
    if (length == 0) fail(EXIT_USAGE, "%s is not UTF-8", what);
    char escaped[8];
    if (*at < 0x20 || *at == 0x7f || *at == '"' || *at == '\\') {
      snprintf(escaped, sizeof escaped, "\\u%04x", *at);
      add_text(buffer, escaped);
    } else {
      add(buffer, (const char *)at, length);
    }
    at += length;
  }
  add(buffer, "\"", 1);
}

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void add_base64(struct buffer *buffer, const unsigned char *bytes, size_t length) {
  reserve(buffer, (length + 2) / 3 * 4);
  for (size_t i = 0; i < length; i += 3) {
    size_t left = length - i;
    uint32_t three = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
    char four[4] = {digits[three >> 18], digits[three >> 12 & 63], left > 1 ? digits[three >> 6 & 63] : '=', left > 2 ? digits[three & 63] : '='};
    add(buffer, four, 4);
  }
}

/* Decodes in place; returns the length, or -1. */
static ssize_t decode_base64(char *text, size_t length) {
  static int8_t value_of[256];
  static bool prepared;
  if (!prepared) {
    memset(value_of, -1, sizeof value_of);
    for (int i = 0; i < 64; i++) value_of[(unsigned char)digits[i]] = (int8_t)i;
    prepared = true;
  }
  size_t out = 0;
  if (length % 4 != 0) return -1;
  for (size_t i = 0; i < length; i += 4) {
    uint32_t four = 0;
    int padding = 0;
    for (int j = 0; j < 4; j++) {
      unsigned char digit = (unsigned char)text[i + j];
      if (digit == '=' && i + 4 == length && j >= 2) padding++;
      else if (value_of[digit] < 0 || padding > 0) return -1;
      four = four << 6 | (digit == '=' ? 0 : (uint32_t)value_of[digit]);
    }
    text[out++] = (char)(four >> 16);
    if (padding < 2) text[out++] = (char)(four >> 8 & 255);
    if (padding < 1) text[out++] = (char)(four & 255);
  }
  return (ssize_t)out;
}

/*
 * The value of a field in a message: messages of the bridge are flat, and a quote within a string is escaped, so that
 * `"name":` can only be a name. NULL if it is not there.
 */
static char *find_field(char *message, const char *name) {
  char pattern[40];
  snprintf(pattern, sizeof pattern, "\"%s\":", name);
  char *found = strstr(message, pattern);
  return found == NULL ? NULL : found + strlen(pattern);
}

static long number_field(char *message, const char *name, long otherwise) {
  char *value = find_field(message, name);
  return value == NULL ? otherwise : strtol(value, NULL, 10);
}

/* The characters of a string field, without its quotes; escapes stay as they are. */
static char *text_field(char *message, const char *name, size_t *length) {
  char *value = find_field(message, name);
  if (value == NULL || *value != '"') return NULL;
  char *end = ++value;
  while (*end != '"' && *end != 0) end += *end == '\\' && end[1] != 0 ? 2 : 1;
  *length = (size_t)(end - value);
  return value;
}

/* Prints a string field for a person: simple escapes are resolved, control characters are not printed. */
static void print_text(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (text[i] == '\\' && i + 1 < length) i++;
    if ((unsigned char)text[i] >= 0x20) fputc(text[i], stderr);
  }
}

/* The run ------------------------------------------------------------------------------------------------------- */

static int bridge = -1;
static struct buffer outgoing, incoming, output[3];
static long credit = FIRST_CREDIT;
static bool input_open = true, over;
static int exit_code;

static void add_size(struct buffer *buffer) {
  struct winsize size = {.ws_row = 24, .ws_col = 80};
  ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
  if (size.ws_row == 0 || size.ws_row > 1000) size.ws_row = 24;
  if (size.ws_col == 0 || size.ws_col > 1000) size.ws_col = 80;
  char text[64];
  snprintf(text, sizeof text, "\"rows\":%d,\"cols\":%d", size.ws_row, size.ws_col);
  add_text(buffer, text);
}

static void add_variable(const char *name, bool *first) {
  const char *value = getenv(name);
  if (value == NULL || *name == 0) return;
  if (!*first) add_text(&outgoing, ",");
  *first = false;
  add_json(&outgoing, name, "CLAUDE_BRIDGE_ENV");
  add_text(&outgoing, ":");
  add_json(&outgoing, value, name);
}

static void ask_for_run(int argc, char **argv, bool terminal) {
  static const char *const always[] = {"TERM", "COLORTERM", "NO_COLOR", "FORCE_COLOR", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "CI"};
  add_text(&outgoing, "{\"type\":\"run\",\"v\":1,\"args\":[");
  for (int i = 1; i < argc; i++) {
    char what[32];
    snprintf(what, sizeof what, "Argument %d", i);
    if (i > 1) add_text(&outgoing, ",");
    add_json(&outgoing, argv[i], what);
  }
  add_text(&outgoing, "],\"env\":{");
  bool first = true;
  for (size_t i = 0; i < sizeof always / sizeof *always; i++) add_variable(always[i], &first);
  char *more = getenv("CLAUDE_BRIDGE_ENV");
  if (more != NULL && (more = strdup(more)) != NULL)
    for (char *name = strtok(more, ","); name != NULL; name = strtok(NULL, ",")) add_variable(name, &first);
  add_text(&outgoing, "},\"cwd\":");
  char *folder = getcwd(NULL, 0);
  add_json(&outgoing, folder == NULL ? "/" : folder, "The working folder");
  const char *token = getenv("CLAUDE_BRIDGE_TOKEN");
  if (token != NULL && *token != 0) {
    add_text(&outgoing, ",\"token\":");
    add_json(&outgoing, token, "CLAUDE_BRIDGE_TOKEN");
  }
  if (terminal) {
    add_text(&outgoing, ",\"terminal\":{");
    add_size(&outgoing);
    add_text(&outgoing, "}");
  }
  add_text(&outgoing, "}\n");
}

static void take_message(char *message) {
  size_t length;
  char *type = text_field(message, "type", &length);
  if (type == NULL) fail(EXIT_PROTOCOL, "The bridge sent no message");
#define is(word) (length == sizeof word - 1 && memcmp(type, word, length) == 0)
  if (is("stdout") || is("stderr")) {
    struct buffer *to = &output[is("stdout") ? STDOUT_FILENO : STDERR_FILENO];
    size_t size;
    char *data = text_field(message, "data", &size);
    ssize_t bytes = data == NULL ? -1 : decode_base64(data, size);
    if (bytes < 0) fail(EXIT_PROTOCOL, "The bridge sent no base64");
    add(to, data, (size_t)bytes);
  } else if (is("credit")) {
    credit += number_field(message, "bytes", 0);
  } else if (is("exit")) {
    exit_code = (int)number_field(message, "code", EXIT_BROKEN);
    over = true;
  } else if (is("error")) {
    size_t size = 0;
    char *said = text_field(message, "message", &size);
    restore_terminal();
    fputs("Claude Code Bridge Error: ", stderr);
    if (said != NULL) print_text(said, size);
    fputc('\n', stderr);
    exit_code = (int)number_field(message, "exit", EXIT_BROKEN);
    over = true;
  }
#undef is
}

static void take_messages(void) {
  size_t start = 0;
  for (char *end; !over && (end = memchr(incoming.bytes + start, '\n', incoming.length - start)) != NULL;) {
    *end = 0;
    take_message(incoming.bytes + start);
    start = (size_t)(end - incoming.bytes) + 1;
  }
  drop(&incoming, start);
  if (incoming.length > 1024 * 1024) fail(EXIT_PROTOCOL, "The bridge sent too large a message");
}

/* Reads what the bridge has sent; false when it has hung up. */
static bool read_bridge(void) {
  reserve(&incoming, 64 * 1024);
  ssize_t got = read(bridge, incoming.bytes + incoming.length, incoming.capacity - incoming.length);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (got <= 0) return false;
  incoming.length += (size_t)got;
  take_messages();
  return true;
}

static void write_bridge(void) {
  ssize_t written = write(bridge, outgoing.bytes, outgoing.length);
  if (written > 0) drop(&outgoing, (size_t)written);
}

/* A pipe takes this much without blocking when poll says that it is ready. Others may share it: it is not made non-blocking. */
static void write_output(int fd) {
  struct buffer *from = &output[fd];
  ssize_t written = write(fd, from->bytes, from->length < 4096 ? from->length : 4096);
  if (written > 0) drop(from, (size_t)written);
  else if (written < 0 && errno == EPIPE) leave(128 + SIGPIPE);
  else if (written < 0 && errno != EAGAIN && errno != EINTR) fail(EXIT_BROKEN, "Output cannot be written: %s", strerror(errno));
}

static void read_input(void) {
  unsigned char bytes[CHUNK];
  size_t most = credit < CHUNK ? (size_t)credit : CHUNK;
  ssize_t got = read(STDIN_FILENO, bytes, most);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    input_open = false;
    add_text(&outgoing, "{\"type\":\"stdin_end\"}\n");
    return;
  }
  credit -= got;
  add_text(&outgoing, "{\"type\":\"stdin\",\"data\":\"");
  add_base64(&outgoing, bytes, (size_t)got);
  add_text(&outgoing, "\"}\n");
}

static void take_signal(int signals, bool terminal) {
  struct signalfd_siginfo info;
  if (read(signals, &info, sizeof info) != sizeof info) return;
  char message[64] = "";
  switch (info.ssi_signo) {
    case SIGWINCH:
      if (!terminal) return;
      add_text(&outgoing, "{\"type\":\"window\",");
      add_size(&outgoing);
      add_text(&outgoing, "}\n");
      return;
    case SIGINT: snprintf(message, sizeof message, "SIGINT"); break;
    case SIGTERM: snprintf(message, sizeof message, "SIGTERM"); break;
    case SIGHUP: snprintf(message, sizeof message, "SIGHUP"); break;
    case SIGQUIT: snprintf(message, sizeof message, "SIGQUIT"); break;
    case SIGUSR1: snprintf(message, sizeof message, "SIGUSR1"); break;
    case SIGUSR2: snprintf(message, sizeof message, "SIGUSR2"); break;
    default: return;
  }
  add_text(&outgoing, "{\"type\":\"signal\",\"signal\":\"");
  add_text(&outgoing, message);
  add_text(&outgoing, "\"}\n");
}

static int open_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  static const int passed[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH};
  for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) sigaddset(&set, passed[i]);
  sigprocmask(SIG_BLOCK, &set, NULL);
  signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &set, SFD_CLOEXEC);
}

static void open_bridge(void) {
  const char *path = getenv("CLAUDE_BRIDGE_SOCKET");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (path == NULL || *path == 0) path = "/host/claude-bridge.sock";
  if (strlen(path) >= sizeof address.sun_path) no_bridge();
  strcpy(address.sun_path, path);
  bridge = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bridge < 0 || connect(bridge, (struct sockaddr *)&address, sizeof address) != 0) no_bridge();
  fcntl(bridge, F_SETFL, O_NONBLOCK);
}

static void make_raw(void) {
  if (tcgetattr(STDIN_FILENO, &old_terminal) != 0) return;
  struct termios raw = old_terminal;
  cfmakeraw(&raw);
  terminal_changed = tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) == 0;
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int argc, char **argv) {
  bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  int signals = open_signals();
  open_bridge();
  ask_for_run(argc, argv, terminal);
  if (terminal) make_raw();
  int64_t beat = now_ms(), heard = beat;
  bool answered = false;
  while (!over || output[1].length > 0 || output[2].length > 0) {
    /* What cannot be written yet is not read yet either: the bridge then holds it back. */
    bool held = output[1].length + output[2].length > CHUNK;
    enum { BRIDGE, SIGNALS, INPUT, OUT, ERR };
    struct pollfd ready[] = {
        [BRIDGE] = {.fd = over ? -1 : bridge, .events = (short)((held ? 0 : POLLIN) | (outgoing.length > 0 ? POLLOUT : 0))},
        [SIGNALS] = {.fd = signals, .events = POLLIN},
        [INPUT] = {.fd = input_open && credit > 0 && outgoing.length < 4 * CHUNK && !over ? STDIN_FILENO : -1, .events = POLLIN},
        [OUT] = {.fd = output[1].length > 0 ? STDOUT_FILENO : -1, .events = POLLOUT},
        [ERR] = {.fd = output[2].length > 0 ? STDERR_FILENO : -1, .events = POLLOUT},
    };
    if (poll(ready, sizeof ready / sizeof *ready, 1000) < 0 && errno != EINTR) fail(EXIT_BROKEN, "poll: %s", strerror(errno));
    int64_t now = now_ms();
    if (ready[SIGNALS].revents != 0) take_signal(signals, terminal);
    if (ready[INPUT].revents != 0) read_input();
    if (ready[OUT].revents != 0) write_output(STDOUT_FILENO);
    if (ready[ERR].revents != 0) write_output(STDERR_FILENO);
    if ((ready[BRIDGE].revents & POLLOUT) != 0) write_bridge();
    if ((ready[BRIDGE].revents & POLLIN) != 0 || (!held && (ready[BRIDGE].revents & (POLLHUP | POLLERR)) != 0)) {
      if (!read_bridge() && !over) {
        if (!answered) no_bridge();
        output[1].length = output[2].length = 0;
        fail(EXIT_NO_BRIDGE, "The connection to the host was lost");
      }
      answered = true;
      heard = now;
    }
    if (held) heard = now;
    if (!over && now - heard > SILENCE_MS) fail(EXIT_NO_BRIDGE, "The host does not answer");
    if (!over && now - beat >= HEARTBEAT_MS) {
      beat = now;
      add_text(&outgoing, "{\"type\":\"heartbeat\"}\n");
    }
  }
  leave(exit_code);
}
