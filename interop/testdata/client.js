// Drives basic-ftp on Node: see scripted in ftplib_test.go for the arguments.
const path = require('path')
const fs = require('fs')
const ftp = require(path.resolve('..', 'bin', 'interop-node', 'node_modules', 'basic-ftp'))

const [host, port, mode, version, cafile, user, password, operation, ...args] = process.argv.slice(2)

// list lists a directory by one command; it prints the entries, or what they were read from.
async function list(client, dir, command, print) {
  const parse = client.parseList
  client.availableListCommands = [command]
  client.parseList = text => {
    const entries = parse(text)
    print(text, entries)
    return entries
  }
  await client.list(dir)
}

async function run(client) {
  switch (operation) {
    case 'put': {
      const [local, remote, offset] = [args[0], args[1], Number(args[2])]
      if (offset > 0) await client.appendFrom(local, remote, { localStart: offset })
      else await client.uploadFrom(local, remote)
      return
    }
    case 'get':
      await client.downloadTo(args[1], args[0], Number(args[2]))
      return
    case 'list':
      await list(client, args[0], 'LIST -a', text => console.log(text))
      return
    case 'facts':
      await list(client, args[0], 'MLSD', (_, entries) => {
        for (const e of entries) console.log(e.name, e.isDirectory ? 'dir' : 'file', e.size, e.rawModifiedAt)
      })
      return
    case 'mkdir':
      await client.send('MKD ' + args[0])
      return
    case 'move':
      // down REMOTE LOCAL or up LOCAL REMOTE, as often as there are
      for (let i = 0; i < args.length; i += 3) {
        if (args[i] === 'down') await client.downloadTo(args[i + 2], args[i + 1])
        else await client.uploadFrom(args[i + 1], args[i + 2])
      }
      return
    case 'rename':
      await client.rename(args[0], args[1])
      return
    case 'remove':
      await client.remove(args[0])
      return
    case 'rmdir':
      await client.send('RMD ' + args[0])
      return
  }
  throw new Error('unknown operation ' + operation)
}

async function main() {
  const client = new ftp.Client(60000)
  try {
    await client.access({
      host, port: Number(port), user, password,
      secure: mode === 'implicit' ? 'implicit' : true,
      secureOptions: { ca: fs.readFileSync(cafile), minVersion: 'TLSv' + version, maxVersion: 'TLSv' + version },
    })
    await run(client)
    await client.send('QUIT')
  } finally {
    client.close()
  }
}

main().catch(err => { console.error(err); process.exit(1) })
