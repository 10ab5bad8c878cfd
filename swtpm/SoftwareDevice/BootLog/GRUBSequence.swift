// What GRUB measures: commands and the kernel command line into PCR 8, files into PCR 9 (GRUB manual, "Measured Boot").

extension BootSequence {
    var operatingSystem: [MeasuredEvent] {
        let system = firmware.system
        let commandLine = system.kernelPath + " " + bootArguments
        let kernel = contents("kernel of \(system.version)", unless: .kernel)
        return configuration + [
            command("setparams \(system.version)"),
            command("linux \(commandLine)"),
            file(system.kernelPath, kernel),
            application(system.kernelPath, image: kernel),
            string("kernel_cmdline: ", commandLine),
            command("initrd \(system.initrdPath)"),
            file(system.initrdPath, Contents.of("initrd of \(system.version)")),
        ]
    }

    private var bootArguments: String {
        tamper.contains(.cmdline) ? firmware.system.commandLine + " init=/bin/sh" : firmware.system.commandLine
    }

    private var configuration: [MeasuredEvent] {
        [
            file("(hd0,gpt1)/EFI/BOOT/grub.cfg", Contents.of("grub.cfg of the EFI system partition")),
            command("search.fs_uuid 4b1d7a52-6d0c-4b8e-9f53-0d6c2f9e1a77 root hd0,gpt2"),
            command("set prefix=(hd0,gpt2)/boot/grub"),
            command("configfile (hd0,gpt2)/boot/grub/grub.cfg"),
            file("(hd0,gpt2)/boot/grub/grub.cfg", Contents.of("grub.cfg of \(firmware.system.version)")),
            command("set default=0"),
            command("set timeout=0"),
        ] + filler
    }

    private var filler: [MeasuredEvent] {
        guard let filler = firmware.filler else { return [] }
        return (0..<filler.events).map { index in
            let start = "set filler_\(index)="
            return command(start + String(repeating: "x", count: max(0, filler.bytes - start.count)))
        }
    }

    private func command(_ text: String) -> MeasuredEvent { string("grub_cmd: ", text) }

    /// The digest is of the string alone; the log has a prefix before it and a zero behind it.
    private func string(_ prefix: String, _ text: String) -> MeasuredEvent {
        MeasuredEvent(8, .ipl, data: Array("\(prefix)\(text)\0".utf8), measuring: Array(text.utf8))
    }

    /// The log has the path with a zero behind it; the digest is of the contents.
    private func file(_ path: String, _ contents: [UInt8]) -> MeasuredEvent {
        MeasuredEvent(9, .ipl, data: Array("\(path)\0".utf8), measuring: contents)
    }
}
