import { execFileSync } from 'node:child_process';
import type { PackageRegistry } from './package-registry.js';

/** A package manager, and how it gets the package `greet`. */
export interface Tool {
  readonly name: string;
  /** Prints where the program is; fails where it is not there. For a shell. */
  readonly find: string;
  /** Installs `greet` from this registry and prints what it says; `ca.pem` is in the working folder. For Bash, with `$tool`. */
  readonly install: (at: string) => string;
  /** How it asks for the registry. Default: by its name, with TLS. */
  readonly by?: keyof PackageRegistry['at'];
}

/** Each of them fails at once where it is refused, instead of trying again. */
export const tools: readonly Tool[] = [
  {
    name: 'npm',
    find: 'command -v npm',
    install: (at) =>
      `npm init -y > /dev/null; export npm_config_cafile=ca.pem; npm install --fetch-retries 0 --registry https://${at}/npm/ greet && node -p "require('greet')"`,
  },
  {
    name: 'pip',
    find: 'python3 -m pip --version > /dev/null && python3 -c "import sys; print(sys.executable)"',
    install: (at) =>
      `$tool -m pip install --retries 0 --cert ca.pem --index-url https://${at}/simple/ --target lib greet && PYTHONPATH=lib $tool -c 'import greet; print(greet.word)'`,
  },
  {
    name: 'cargo',
    find: 'rustup which cargo 2>/dev/null || command -v cargo',
    install: (at) => `export PATH="$(dirname $tool):$PATH" CARGO_NET_RETRY=0 CARGO_HTTP_CAINFO="$PWD/ca.pem"
export CARGO_REGISTRIES_LOCAL_INDEX="sparse+https://${at}/cargo/"
mkdir -p src && echo 'fn main() { println!("{}", greet::WORD); }' > src/main.rs
printf '[package]\\nname = "own"\\nversion = "0.1.0"\\nedition = "2021"\\n[dependencies]\\ngreet = { version = "1", registry = "local" }\\n' > Cargo.toml
cargo run --quiet`,
  },
  {
    name: 'go',
    find: 'command -v go',
    install: (at) => `export GOPROXY="https://${at}/go" GOSUMDB=off GOFLAGS=-modcacherw SSL_CERT_FILE="$PWD/ca.pem"
printf 'package main\\nimport "greet.example/greet"\\nfunc main() { print(greet.Word, "\\\\n") }\\n' > main.go
[ -e go.mod ] || go mod init own; go get greet.example/greet@v1.0.0 && go run .`,
  },
  {
    name: 'mvn',
    by: 'numbered',
    find: 'command -v mvn && command -v keytool > /dev/null',
    install: (
      at,
    ) => `rm -f trust; keytool -importcert -noprompt -file ca.pem -keystore trust -storepass changeit 2>/dev/null
printf '<project><modelVersion>4.0.0</modelVersion><parent><groupId>example</groupId><artifactId>greet</artifactId><version>1.0.0</version><relativePath/></parent><artifactId>own</artifactId><packaging>pom</packaging><repositories><repository><id>local</id><url>https://${at}/maven</url></repository></repositories></project>' > pom.xml
MAVEN_OPTS="-Djavax.net.ssl.trustStore=trust -Djavax.net.ssl.trustStorePassword=changeit" mvn -B -q -Dmaven.repo.local=m2 validate && cat m2/example/greet/1.0.0/*.pom`,
  },
  {
    name: 'git',
    find: 'command -v git',
    install: (at) => `GIT_SSL_CAINFO="$PWD/ca.pem" git clone -q https://${at}/greet.git clone && cat clone/greet.txt`,
  },
  {
    name: 'apt',
    by: 'plain',
    find: 'command -v apt-get && command -v dpkg-deb > /dev/null',
    install: (at) => `mkdir -p apt/state/lists/partial apt/cache/archives/partial && touch apt/status
echo 'deb [trusted=yes] http://${at}/debian ./' > apt/list
own="-o Dir::State=$PWD/apt/state -o Dir::Cache=$PWD/apt/cache -o Dir::State::status=$PWD/apt/status -o Dir::Etc::sourcelist=$PWD/apt/list -o Dir::Etc::sourceparts=- -o APT::Sandbox::User= -o APT::Update::Error-Mode=any"
apt-get $own update && apt-get $own download greet && dpkg-deb -x greet_*.deb out && cat out/usr/share/greet`,
  },
];

/** Where the tool is, as this shell finds it; undefined where it is not. */
export function found(
  { find }: Tool,
  shell = (line: string) => execFileSync('sh', ['-c', line], { stdio: 'pipe' }).toString(),
): string | undefined {
  try {
    return shell(find).trim().split('\n')[0];
  } catch {
    return undefined;
  }
}
