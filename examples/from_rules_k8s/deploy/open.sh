#!/bin/sh
# A resolver: prints the template of --template FILE with @OPENED@ filled in.
opened=never
while [ $# -gt 0 ]; do
  case "$1" in
    --template) template=$2; shift ;;
    --template=*) template=${1#--template=} ;;
    --opened=*) opened=${1#--opened=} ;;
  esac
  shift
done
while IFS= read -r line; do
  case "$line" in
    *@OPENED@*) printf '%s%s%s\n' "${line%%@OPENED@*}" "$opened" "${line#*@OPENED@}" ;;
    *) printf '%s\n' "$line" ;;
  esac
done < "$template"
