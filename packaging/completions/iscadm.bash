# Bash completion of iscadm. Made by scripts/write-cli-reference.ts.

_iscadm() {
  local current=${COMP_WORDS[COMP_CWORD]} verb='' options='' words='' files='' word
  local -a path=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] || path+=("$word")
  done
  verb=${path[0]-}
  case $verb in image | network | incident | policy | ledger | dock) [[ ${#path[@]} -gt 1 ]] && verb="$verb ${path[1]}" ;; esac
  case $verb in
    '') words="run build create up down diff stacks network ls show top logs events incident policy ledger verify assess start stop restart exec console expose unexpose quarantine release destroy reset update cleanse clone snapshot snapshots snapshot-rm rollback image dock version help" ;;
    image) words="ls show verify rm prune export import" ;;
    network) words="show test" ;;
    incident) words="ls show export" ;;
    policy) words="test" ;;
    ledger) words="verify" ;;
    dock) words="start stop status" ;;
    help) words="run build create up down diff stacks network ls show top logs events incident policy ledger verify assess start stop restart exec console expose unexpose quarantine release destroy reset update cleanse clone snapshot snapshots snapshot-rm rollback image dock version" ;;
    "run") options="-n --name"; files=yes ;;
    "build") options="--no-cache"; files=yes ;;
    "create") options=""; words="$(iscadm ls --quiet --no-start 2>/dev/null) $(iscadm image ls --json --no-start 2>/dev/null | sed -n 's/^ *"name": "\(.*\)",$/\1/p')"; files=yes ;;
    "up") options="--secret --no-cache"; files=yes ;;
    "down") options="--volumes -y --yes"; words="$(iscadm stacks --quiet --no-start 2>/dev/null)" ;;
    "diff") options=""; files=yes ;;
    "stacks") options="" ;;
    "network show") options="--diagram --svg"; words="$(iscadm stacks --quiet --no-start 2>/dev/null)" ;;
    "network test") options=""; words="$(iscadm stacks --quiet --no-start 2>/dev/null)" ;;
    "ls") options="" ;;
    "show") options=""; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "top") options="--once" ;;
    "logs") options="-f --follow --tail"; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "events") options="-f --follow --severity --sensor --kind --since --until --tail"; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "incident ls") options="" ;;
    "incident show") options="" ;;
    "incident export") options=""; files=yes ;;
    "policy test") options="--events --since --as"; files=yes ;;
    "ledger verify") options="--copy" ;;
    "verify") options="--full"; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "assess") options="--sarif"; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "start") options=""; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "stop") options="--timeout"; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "restart") options=""; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "exec") options="-i --interactive -t --tty -u --user -w --workdir -e --env --admin"; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "console") options="-u --user"; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "expose") options="--at"; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "unexpose") options=""; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "quarantine") options="--reason"; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "release") options=""; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "destroy") options="--shred -y --yes"; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "reset") options="--to"; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "update") options="--image --check"; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "cleanse") options=""; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "clone") options="--count --start"; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "snapshot") options=""; words="$(iscadm snapshots --quiet --no-start 2>/dev/null)" ;;
    "snapshots") options=""; words="$(iscadm ls --quiet --no-start 2>/dev/null)" ;;
    "snapshot-rm") options=""; words="$(iscadm snapshots --quiet --no-start 2>/dev/null)" ;;
    "rollback") options=""; words="$(iscadm snapshots --quiet --no-start 2>/dev/null)" ;;
    "image ls") options="" ;;
    "image show") options=""; words="$(iscadm image ls --json --no-start 2>/dev/null | sed -n 's/^ *"name": "\(.*\)",$/\1/p')" ;;
    "image verify") options=""; words="$(iscadm image ls --json --no-start 2>/dev/null | sed -n 's/^ *"name": "\(.*\)",$/\1/p')" ;;
    "image rm") options=""; words="$(iscadm image ls --json --no-start 2>/dev/null | sed -n 's/^ *"name": "\(.*\)",$/\1/p')" ;;
    "image prune") options="--older-than --dry-run" ;;
    "image export") options=""; words="$(iscadm image ls --json --no-start 2>/dev/null | sed -n 's/^ *"name": "\(.*\)",$/\1/p')"; files=yes ;;
    "image import") options=""; files=yes ;;
    "dock start") options="" ;;
    "dock stop") options="" ;;
    "dock status") options="" ;;
    "version") options="" ;;
  esac
  if [[ $current == -* ]]; then
    words="$options --json -q --quiet --dock --no-color --no-start --help"
    files=''
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ -n $files ]]; then
    compopt -o filenames
    COMPREPLY+=($(compgen -f -- "$current"))
  fi
}

# Names such as db@before-upgrade are one word.
COMP_WORDBREAKS=${COMP_WORDBREAKS//@/}
complete -F _iscadm iscadm
