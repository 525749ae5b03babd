#!/usr/bin/env bash
# Compare $IMAGE with $BASELINE, and check it by $RULES: writes the comment, the job summary, the SARIF and the outputs.
# It ends with 0 whatever the outcome is, so that the comment is written before the action fails.
set -euo pipefail
export LC_ALL=C.UTF-8 # for the number of characters

longest=65536 # of a comment on GitHub
folder=$(mktemp -d "$RUNNER_TEMP/layerscope-XXXXXX")
comment=$folder/comment.md sarif='' outcome=passed

# images of a matrix have comments of their own, each the same for every tag
name=${IMAGE%%@*}
[[ ${name##*/} != *:* ]] || name=${name%:*}
key=$(printf '%s\n' "${GITHUB_WORKFLOW:-}" "${GITHUB_JOB:-}" "$name" | sha256sum)
printf '<!-- layerscope: %s -->\n' "${key:0:16}" >"$comment"

if [[ -n $BASELINE && $BASELINE != *.json ]]; then
  layerscope diff --format markdown -- "$BASELINE" "$IMAGE" >"$folder/diff.md" || outcome=unknown
  cat "$folder/diff.md" >>"$comment"
fi

if [[ -n $RULES || -f .layerscope.toml || -f .dive-ci ]] || grep -qs 'tool\.layerscope' pyproject.toml; then
  options=()
  [[ -z $RULES ]] || options+=("--config=$RULES")
  [[ -z $BASELINE ]] || options+=("--baseline=$BASELINE")
  status=0
  # the annotations
  layerscope check "${options[@]}" --format github -- "$IMAGE" || status=$?
  case $status in 0) ;; 1) [[ $outcome == unknown ]] || outcome=failed ;; *) outcome=unknown ;; esac
  layerscope check "${options[@]}" --format markdown --output "$folder/check.md" -- "$IMAGE" 2>/dev/null || true
  layerscope check "${options[@]}" --format sarif --output "$folder/layerscope.sarif" -- "$IMAGE" 2>/dev/null || true
  [[ ! -f $folder/layerscope.sarif ]] || sarif=$folder/layerscope.sarif
fi

[[ $outcome != unknown ]] || printf '\n**The outcome is unknown: the log of the job says why.**\n' >>"$comment"
if [[ -f $folder/check.md ]]; then
  cat "$comment" <(echo) "$folder/check.md" >>"$GITHUB_STEP_SUMMARY"
  if (($(cat "$comment" "$folder/check.md" | wc -m) < longest)); then
    cat <(echo) "$folder/check.md" >>"$comment"
  else
    printf '\nThe rules: %s; the summary of the job has their results.\n' "$outcome" >"$folder/short.md"
    (($(cat "$comment" "$folder/short.md" | wc -m) > longest)) || cat "$folder/short.md" >>"$comment"
  fi
else
  cat "$comment" >>"$GITHUB_STEP_SUMMARY"
fi

delimiter=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
for output in outcome comment sarif; do
  printf '%s<<%s\n%s\n%s\n' "$output" "$delimiter" "${!output}" "$delimiter" >>"$GITHUB_OUTPUT"
done
