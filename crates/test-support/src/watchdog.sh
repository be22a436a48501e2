# Runs a test server for as long as the process at the other end of standard input lives.
# Arguments: the server's directory, the signal that stops it, its command.
#
# A test process may panic, exit without destructors or be killed; the pipe closes in every case.
# Killing this shell's whole process group also ends what the server started (browsers).

directory=$1 signal=$2
shift 2
exec 3<&0 </dev/null

"$@" 3<&- >"$directory/server.log" 2>&1 &
server=$!

# From here on, for this shell and the one below: the signal to the group is meant for the others.
trap '' TERM

(
    cat <&3 >/dev/null
    kill -s TERM 0
    [ -e "$directory/exit-status" ] && exit
    kill -s "$signal" "$server"
    looks=0
    while kill -0 "$server" && [ "$looks" -lt 100 ]; do
        sleep 0.1
        looks=$((looks + 1))
    done
    kill -s KILL "$server"
) 2>/dev/null &
stopper=$!

wait "$server"
echo "$?" >"$directory/exit-status"
# A server that ended on its own: its log stays until the test has read it.
wait "$stopper"

# Processes of the group may still be writing into it.
looks=0
until rm -rf "$directory" 2>/dev/null || [ "$looks" -ge 50 ]; do
    sleep 0.1
    looks=$((looks + 1))
done
kill -s KILL 0
