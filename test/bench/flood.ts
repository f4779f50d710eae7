/** Perl, which every Debian image has that is not slimmed: floods from inside an ISC, and a prober that measures single requests. */

const wait = (seconds: number) => `my $end = time + ${seconds};`;

/** Sends nothing, and takes as much of the processor as it may. */
export function keepBusy(seconds: number): string {
  return `${wait(seconds)} 1 while time < $end`;
}

/** UDP packets as fast as they go. */
export function floodPackets(address: string, port: number, seconds: number): string {
  return `use Socket; socket(my $s, PF_INET, SOCK_DGRAM, 17); my $to = sockaddr_in(${port}, inet_aton("${address}")); ${wait(seconds)}
while (time < $end) { send($s, "x" x 64, 0, $to) for 1 .. 100 }`;
}

/** Connections that are begun and left open, as many as a process may have; then the oldest make room. */
export function floodConnections(address: string, port: number, seconds: number): string {
  return `use Socket; use Fcntl; my $to = sockaddr_in(${port}, inet_aton("${address}")); my @open; ${wait(seconds)}
while (time < $end) { socket(my $s, PF_INET, SOCK_STREAM, 6) or next; fcntl($s, F_SETFL, O_NONBLOCK); connect($s, $to); push @open, $s; shift @open if @open > 900 }`;
}

/** Questions for outside names, each another one. */
export function floodQuestions(address: string, seconds: number): string {
  return `use Socket; socket(my $s, PF_INET, SOCK_DGRAM, 17); my $to = sockaddr_in(53, inet_aton("${address}")); my $n = 0; ${wait(seconds)}
while (time < $end) { for (1 .. 100) { $n++; my $l = "x$n"; send($s, pack("n6", $n & 0xffff, 0x100, 1, 0, 0, 0) . chr(length $l) . $l . "\\7example\\3org\\0" . pack("n2", 1, 1), 0, $to) } }`;
}

/** Requests one after the other, each on a connection of its own; prints how many microseconds each took. */
export function probe(address: string, port: number, requests: number): string {
  return `use Socket; use Time::HiRes qw(time sleep); my $to = sockaddr_in(${port}, inet_aton("${address}"));
for (1 .. ${requests}) { my $began = time; socket(my $s, PF_INET, SOCK_STREAM, 6); connect($s, $to) or die "refused: $!";
syswrite($s, "GET / HTTP/1.1\\r\\nHost: bench\\r\\nConnection: close\\r\\n\\r\\n"); my $text = ""; 1 while sysread($s, $text, 4096, length $text);
die "no page" unless $text =~ m{^HTTP/1.1 200}; printf "%d\\n", 1e6 * (time - $began); sleep 0.004 }`;
}
