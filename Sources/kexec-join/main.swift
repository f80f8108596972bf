import ArgumentParser
import JoinCommands

// In an initramfs it is `/init`, and a boot loader.
BootLoader.runIfFirst()
let words = Array(CommandLine.arguments.dropFirst())
if words.first == "kexec-local" {
    LocalCommand.main(Array(words.dropFirst()))
} else {
    JoinCommand.main(words)
}
