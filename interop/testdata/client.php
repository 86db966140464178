<?php
// Drives PHP's ftp extension: see scripted in ftplib_test.go for the arguments.
[, $host, $port, , , , $user, $password, $operation] = $argv;
$args = array_slice($argv, 9);

function must(string $what, mixed $ok): mixed
{
    if ($ok === false || $ok === null) {
        fwrite(STDERR, "$what failed\n");
        exit(1);
    }
    return $ok;
}

$ftp = must('connect', ftp_ssl_connect($host, (int) $port, 60));
must('login', ftp_login($ftp, $user, $password));
must('pasv', ftp_pasv($ftp, true));

switch ($operation) {
    case 'put':
        must('put', ftp_put($ftp, $args[1], $args[0], FTP_BINARY, (int) $args[2]));
        break;
    case 'get':
        must('get', ftp_get($ftp, $args[1], $args[0], FTP_BINARY, (int) $args[2]));
        break;
    case 'list':
        echo implode("\n", must('rawlist', ftp_rawlist($ftp, $args[0]))), "\n";
        break;
    case 'facts':
        foreach (must('mlsd', ftp_mlsd($ftp, $args[0])) as $entry) {
            echo $entry['name'], ' ', $entry['type'], ' ', $entry['size'] ?? '', "\n";
        }
        break;
    case 'mkdir':
        must('mkdir', ftp_mkdir($ftp, $args[0]));
        break;
    case 'move':
        // down REMOTE LOCAL or up LOCAL REMOTE, as often as there are
        foreach (array_chunk($args, 3) as [$way, $source, $target]) {
            must($way, $way === 'down'
                ? ftp_get($ftp, $target, $source, FTP_BINARY)
                : ftp_put($ftp, $target, $source, FTP_BINARY));
        }
        break;
    case 'rename':
        must('rename', ftp_rename($ftp, $args[0], $args[1]));
        break;
    case 'remove':
        must('delete', ftp_delete($ftp, $args[0]));
        break;
    case 'rmdir':
        must('rmdir', ftp_rmdir($ftp, $args[0]));
        break;
    default:
        must("operation $operation", false);
}
must('close', ftp_close($ftp));
