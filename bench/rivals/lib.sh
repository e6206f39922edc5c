# What the install and run scripts of the rivals share. Sourced, with POSIX sh.
set -e

say() { printf '%s\n' "$*" >&2; }
cannot() { say "$*"; exit 77; }
failed() { [ ! -f "$2" ] || tail -n 20 "$2" >&2; say "$1"; exit 1; }

here=${0%/*}
case $here in /*) ;; *) here=$PWD/$here ;; esac
name=${here##*/}

# The folder to install into or to run from.
enter() {
  [ -n "${1-}" ] || { say "usage: $0 FOLDER …"; exit 2; }
  case $1 in /*) folder=$1 ;; *) folder=$PWD/$1 ;; esac
  log="$folder/install.log"
}

needs() {
  for program; do
    command -v "$program" >/dev/null 2>&1 || cannot "$program is not on PATH"
  done
}

# Nothing to do when the last install was from these very files.
unless_installed() {
  mkdir -p "$folder"
  print=$(cd "$here" && cat install "$@" | cksum)
  [ "$(cat "$folder/installed" 2>/dev/null)" != "$print" ] || exit 0
  rm -f "$folder/installed"
}
installed() { printf '%s\n' "$print" >"$folder/installed"; }

# A registry that is out of reach, or lacks a version, is no fault of the script.
unreachable='ENOTFOUND|ECONNREFUSED|ECONNRESET|EAI_AGAIN|ETIMEDOUT|E40[034]|no such host|dial tcp|'
unreachable="${unreachable}[Cc]ould not (resolve|connect)|[Ff]ailed to (resolve|establish|download)|"
unreachable="${unreachable}[Cc]onnection refused|Network is unreachable|No matching distribution|"
unreachable="${unreachable}version is not available|i/o timeout"
fetched() {
  reason=$(grep -v -i -E '^(npm )?warn' "$log" | grep -E "$unreachable" | head -n 1 | cut -c 1-160)
  [ -z "$reason" ] || cannot "the registry did not give it: $reason"
  failed "$name: $1 failed" "$log"
}

# install_npm NODE [FILE…]: package.json beside the script, its lock where it has one, and the files, which
# are programs that use the packages; from that version of node on. Scripts of packages are not run.
install_npm() {
  needs node npm
  [ "$(node -p 'parseInt(process.versions.node)')" -ge "$1" ] || cannot "needs node $1 or newer"
  shift
  how="install --no-package-lock"
  set -- package.json "$@"
  if [ -f "$here/package-lock.json" ]; then
    how=ci
    set -- package-lock.json "$@"
  fi
  unless_installed "$@"
  (cd "$here" && cp "$@" "$folder/")
  # shellcheck disable=SC2086 # words, not one word
  (cd "$folder" && npm $how --ignore-scripts --no-audit --no-fund) >"$log" 2>&1 </dev/null || fetched npm
}

# requirements.txt beside the script.
install_pip() {
  python=${PYTHON:-python3}
  needs "$python"
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || cannot "needs Python 3.10 or newer"
  unless_installed requirements.txt
  rm -rf "$folder/venv"
  "$python" -m venv "$folder/venv" >"$log" 2>&1 || cannot "python3 cannot make a virtual environment"
  "$folder/venv/bin/pip" install --disable-pip-version-check -r "$here/requirements.txt" \
    >>"$log" 2>&1 </dev/null || fetched "pip install"
}

# JSON of the words given, for configuration files.
json_string() { printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/"&"/'; }
json_list() {
  list=
  for word; do list="$list${list:+,}$(json_string "$word")"; done
  printf '[%s]' "$list"
}

# kept SUFFIX: a file with what is on stdin, the same one each time, so that nobody has to remove it.
kept() {
  text=$(cat)
  file="$folder/$(printf '%s' "$text" | cksum | tr -d ' ')$1"
  [ -f "$file" ] || { printf '%s\n' "$text" >"$file.$$" && mv "$file.$$" "$file"; }
  printf '%s' "$file"
}

# The words as one command line for a shell.
shell_words() {
  words=
  for word; do words="$words${words:+ }'$(printf '%s' "$word" | sed "s/'/'\\\\''/g")'"; done
  printf '%s' "$words"
}

# A folder of this run's own, gone with it, or with the next one: who is killed removes nothing.
scratch() {
  for run in "$folder"/run-*; do
    kill -0 "${run##*-}" 2>/dev/null || rm -rf "$run"
  done
  run="$folder/run-$$"
  mkdir -p "$run"
  trap 'rm -rf "$run"' EXIT
  trap 'exit 143' TERM INT HUP
}

# Children go with this shell whatever ends it: a server on a port does not see an end of input.
setpriv=
! setpriv --pdeathsig TERM true 2>/dev/null || setpriv="setpriv --pdeathsig TERM"

free_port() {
  node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'
}

# back PORT COMMAND…: starts a server that listens on the port, and waits until it does. Its stdin
# ends when this shell does.
back() {
  port=$1
  shift
  mkfifo "$run/open"
  exec 4<>"$run/open"
  $setpriv "$@" <"$run/open" >"$run/back.log" 2>&1 4<&- &
  back=$!
  trap 'kill $front $back 2>/dev/null; wait $front $back 2>/dev/null; rm -rf "$run"' EXIT
  node -e '
    const [port, pid] = process.argv.slice(1).map(Number), end = Date.now() + 60000;
    const attempt = () => require("net").connect(port, "127.0.0.1", () => process.exit(0)).on("error", () => {
      try { process.kill(pid, 0); } catch { process.exit(1); }
      Date.now() < end ? setTimeout(attempt, 20) : process.exit(1);
    });
    attempt();' "$port" "$back" 4<&- || failed "$name: what listens on port $port did not start" "$run/back.log"
}

# front COMMAND…: speaks with the client until it hangs up.
front=
front() {
  exec 3<&0
  $setpriv "$@" <&3 3<&- 4<&- &
  front=$!
  exec 3<&- </dev/null
  wait "$front"
}
