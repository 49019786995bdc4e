# Answers every request with the health of this release. A bad one contradicts itself: its health
# fails, and its status is 200, so that its container counts as healthy.
use strict;
use warnings;
use IO::Socket::INET;
use POSIX qw(strftime);

if (@ARGV) {
    my $asked = IO::Socket::INET->new(PeerAddr => "127.0.0.1:8080", Timeout => 1) or exit 1;
    print $asked "GET /health HTTP/1.1\r\nHost: here\r\n\r\n";
    exit(<$asked> =~ / 200 / ? 0 : 1);
}

$SIG{TERM} = sub { exit 0 };
$SIG{PIPE} = "IGNORE";
my $server = IO::Socket::INET->new(LocalPort => 8080, Listen => 20, ReuseAddr => 1) or die $!;
my $status = ($ENV{VERSION} // "") eq "bad" ? "fail" : "pass";
my $release = $ENV{RELEASE_ID} // "";
chomp(my $instance = `hostname`);
my $body = qq({"status":"$status","releaseId":"$release","instanceId":"$instance"});
while (my $asked = $server->accept) {
    while (my $line = <$asked>) { last if $line =~ /^\r?\n$/ }
    my $now = strftime "%a, %d %b %Y %H:%M:%S GMT", gmtime;
    print $asked "HTTP/1.1 200 OK\r\nContent-Type: application/health+json\r\n",
        "Cache-Control: no-store\r\nConnection: close\r\nDate: $now\r\n",
        "Content-Length: ", length $body, "\r\n\r\n", $body;
    close $asked;
}
