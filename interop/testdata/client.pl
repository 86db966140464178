# Drives Perl's Net::FTP: see scripted in ftplib_test.go for the arguments.
use strict;
use warnings;
use Net::FTP;

my ($host, $port, $mode, $version, $cafile, $user, $password, $operation, @args) = @ARGV;
$version =~ s/\./_/;

my $ftp = Net::FTP->new(
    $host,
    Port        => $port,
    Passive     => 1,
    Timeout     => 60,
    SSL         => $mode eq 'implicit',
    SSL_ca_file => $cafile,
    SSL_version => "TLSv$version",
) or die "connect: $@";

sub must {
    my ($what, $ok) = @_;
    die "$what: " . $ftp->code . ' ' . $ftp->message unless $ok;
    return $ok;
}

must(starttls => $ftp->starttls) if $mode eq 'explicit';
must(login    => $ftp->login($user, $password));
must(binary   => $ftp->binary);

if ($operation eq 'put') {
    my ($local, $remote, $offset) = @args;
    open(my $source, '<:raw', $local) or die "open: $!";
    if ($offset) {
        seek($source, $offset, 0) or die "seek: $!";
        must(append => $ftp->append($source, $remote));
    } else {
        must(put => $ftp->put($source, $remote));
    }
} elsif ($operation eq 'get') {
    my ($remote, $local, $offset) = @args;
    must(get => $ftp->get($remote, $local, $offset));
    die "SIZE differs from what arrived\n" unless must(size => $ftp->size($remote) + 1) - 1 == -s $local;
} elsif ($operation eq 'list') {
    my @lines = $ftp->dir($args[0]);
    must(dir => $ftp->ok);
    print "$_\n" for @lines;
} elsif ($operation eq 'facts') {
    # Net::FTP has no MLSD of its own.
    my $data = must(mlsd => $ftp->_data_cmd('MLSD', $args[0]));
    my ($all, $part) = ('', '');
    $all .= $part while $data->read($part, 65536);
    must(close => $data->close);
    print $all;
} elsif ($operation eq 'mkdir') {
    must(mkdir => $ftp->mkdir($args[0]));
} elsif ($operation eq 'move') {
    # down REMOTE LOCAL or up LOCAL REMOTE, as often as there are
    while (my ($way, $source, $target) = splice(@args, 0, 3)) {
        must($way => $way eq 'down' ? $ftp->get($source, $target) : $ftp->put($source, $target));
    }
} elsif ($operation eq 'rename') {
    must(rename => $ftp->rename(@args));
} elsif ($operation eq 'remove') {
    must(delete => $ftp->delete($args[0]));
} elsif ($operation eq 'rmdir') {
    must(rmdir => $ftp->rmdir($args[0]));
} else {
    die "unknown operation $operation\n";
}
must(quit => $ftp->quit);
