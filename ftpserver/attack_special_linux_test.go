package ftpserver_test

import "syscall"

// makeZero makes a device like /dev/zero.
func makeZero(name string) error { return syscall.Mknod(name, syscall.S_IFCHR|0o666, 1<<8|5) }
