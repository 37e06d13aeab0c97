# Builds dist\satchel-VERSION-windows-x64.exe. Needs uv, and Inno Setup 6 for the last step. See README.md.
$ErrorActionPreference = "Stop"
Set-Location (Join-Path $PSScriptRoot "..\..")

uv sync --locked --extra desktop
if ($LASTEXITCODE) { throw "the packages could not be installed" }
$version = & .venv\Scripts\python.exe -c "import importlib.metadata as m; print(m.version('satchel'))"

& .venv\Scripts\pyinstaller.exe --noconfirm --distpath dist --workpath build\pyinstaller installer\linux\satchel.spec
if ($LASTEXITCODE) { throw "PyInstaller failed" }

& dist\satchel\crm.exe --help | Out-Null
if ($LASTEXITCODE) { throw "the packaged program does not start" }

$compiler = Get-Command ISCC.exe -ErrorAction SilentlyContinue
$path = if ($compiler) { $compiler.Source } else { "${env:ProgramFiles(x86)}\Inno Setup 6\ISCC.exe" }
& $path "/DVersion=$version" installer\windows\satchel.iss
if ($LASTEXITCODE) { throw "Inno Setup failed" }
