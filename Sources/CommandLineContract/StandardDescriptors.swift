import Glibc

/// The three descriptors that a program begins with, unless whoever has started it has closed them.
enum StandardDescriptors {
    /// Takes the places of those that are closed, before a file, a socket or a TPM is given one of their numbers and
    /// what is for people or scripts is written into it.
    ///
    /// Reading from such a standard input and writing to such a standard output fail as they do of a closed one. Of
    /// standard error nobody misses anything, and commands that this program runs can write to it.
    static func hold() {
        let modes = [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
        // open(2) gives the lowest number that is free: in this order each gets its own.
        for (descriptor, mode) in modes where fcntl(descriptor, F_GETFD) < 0 { _ = unsafe open("/dev/null", mode) }
    }
}
