; Inno Setup 6 script: turns dist\satchel into an installer. See README.md; not yet tried on Windows.
#ifndef Version
  #error Call build.ps1, which names the version
#endif

[Setup]
AppId={{B2D0C5B4-6C56-4B0B-9C1B-6D0A2E1D7F43}
AppName=Satchel
AppVersion={#Version}
AppPublisher=The Satchel project
DefaultDirName={autopf}\Satchel
DefaultGroupName=Satchel
; A person may install for themselves alone, without an administrator.
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
LicenseFile=..\..\LICENSE
OutputDir=..\..\dist
OutputBaseFilename=satchel-{#Version}-windows-x64
Compression=lzma2
SolidCompression=yes
WizardStyle=modern
CloseApplications=yes
UninstallDisplayIcon={app}\satchel.exe

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[Files]
Source: "..\..\dist\satchel\*"; DestDir: "{app}"; Flags: recursesubdirs createallsubdirs ignoreversion

[Icons]
Name: "{group}\Satchel 行囊"; Filename: "{app}\satchel.exe"
Name: "{autodesktop}\Satchel 行囊"; Filename: "{app}\satchel.exe"; Tasks: desktopicon

[Run]
Filename: "{app}\satchel.exe"; Description: "{cm:LaunchProgram,Satchel}"; Flags: nowait postinstall skipifsilent
