# A server that starts in no time, for tests that need hundreds: its tools are `one` and `two`. Each
# start leaves a line in the file that is its argument.
echo $$ >>"$1"
while read -r line; do
  id=${line#*'"id":'}
  id=${id%%,*}
  case $line in
    *'"method":"initialize"'*)
      answer='"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"tiny","version":"1"}}' ;;
    *'"method":"tools/list"'*)
      answer='"result":{"tools":[{"name":"one","inputSchema":{"type":"object"}},{"name":"two","inputSchema":{"type":"object"}}]}' ;;
    *'"method":"tools/call"'*)
      answer='"result":{"content":[{"type":"text","text":"called"}]}' ;;
    *'"id":'*)
      answer='"error":{"code":-32601,"message":"Method not found"}' ;;
    *)
      continue ;;
  esac
  echo "{\"jsonrpc\":\"2.0\",\"id\":$id,$answer}"
done
